"""`syncd init`: make a configuration to begin with, and say what to do with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from syncd import private
from syncd.assemble import shipped
from syncd.cli import schemas
from syncd.cli.out import print_json, say
from syncd.cli.run import OK
from syncd.config import NAME
from syncd.errors import ConfigError
from syncd.text.show import quoted_word

if TYPE_CHECKING:
    from syncd.cli.session import Session


SCHEMAS: Final = "schemas"
_MARKS: Final = {
    NAME: f"#:schema ./{SCHEMAS}/settings.schema.json\n",
    "rules.yaml": f"# yaml-language-server: $schema=./{SCHEMAS}/rules.schema.json\n",
}
"""The first line, by which editors find the schema."""


def run(session: Session, folder: Path) -> int:
    """Write syncd.toml and rules.yaml and make the state folder; nothing that is there is touched."""
    files = {
        folder / NAME: shipped("config/syncd.example.toml"),
        folder / "rules.yaml": shipped("config/rules.yaml"),
    }
    for file in files:
        if file.exists():
            raise ConfigError("it is there already", file=str(file), hint="Name another folder: `syncd init FOLDER`.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SCHEMAS).mkdir(exist_ok=True)
        schemas.write(folder / SCHEMAS)
        for file, source in files.items():
            file.write_text(_MARKS[file.name] + source.read_text(encoding="utf-8"), encoding="utf-8")
        private.make_folder(folder / "state")
    except OSError as error:
        raise ConfigError(f"it cannot be made: {error.strerror}", file=str(folder)) from error
    made = [*(str(file) for file in files), str(folder / SCHEMAS)]
    if session.json:
        print_json({"command": "init", "folder": str(folder), "made": [*made, str(folder / "state")]})
        return OK
    at = "" if folder == Path() else f" --config {quoted_word(str(folder / NAME))}"
    say(
        f"made  {made[0]}    the systems, the guards' limits, where things are kept",
        f"made  {made[1]}    who wins when two systems changed one field; as it is, syncd asks",
        f"made  {made[2]}/     with them editors complete and check what you type",
        f"made  {folder / 'state'}/       the store, the review files, the locks; nobody else may look into it",
        "",
        f"1. Name your systems in {made[0]}: take the # from its examples.",
        f"2. `syncd{at} systems` says whether they answer and what they can take.",
        f"3. `syncd{at} groups` lists the clients; `syncd{at} groups link quote=ID crm=ID` links two that are one.",
        f"4. `syncd{at} link GROUP --out FILE` writes a file in which you decide which plans belong together.",
        f"5. `syncd{at} sync --dry-run` shows everything that would be written. Nothing else is.",
        "",
        'To look around first: `syncd demo`. To try on your own data without writing: `writes = "off"` in each system.',
    )
    return OK
