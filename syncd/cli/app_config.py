"""`syncd config …`: names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncd.cli.options import Json, session

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="The configuration: show what holds, check it, editor schemas."
)


@app.command("show")
def show(
    system: Annotated[str | None, typer.Argument(metavar="[SYSTEM]", help="Only this system.")] = None,
    json: Json = False,
) -> int:
    """Print every setting that holds and where it comes from: default, file and line, environment, credential.

    Secrets are never printed, only where they come from.
    """
    from syncd.cli.commands import config as command

    return command.show(session(json=json), system)


@app.command("check")
def check(json: Json = False) -> int:
    """Check settings, rules, mappings and the modes of secrets, without asking any system; exit 2 when one is wrong."""
    from syncd.cli.commands import config as command

    return command.check(session(json=json))


@app.command("schema")
def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="settings, rules, link, review, cases or mapping.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FOLDER", help="Write NAME, or all of them, as NAME.schema.json.")
    ] = None,
    json: Json = False,
) -> int:
    """Print or write a JSON Schema, with which editors complete and check what you type.

    In YAML name it in the first line: # yaml-language-server: $schema=./rules.schema.json; in TOML: #:schema
    ./settings.schema.json
    """
    from syncd.cli.commands import config as command

    return command.schema(session(json=json), name, write)
