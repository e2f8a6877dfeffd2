"""`syncd completion`: a script by which a shell asks what may come next, and the answer when it asks."""

from __future__ import annotations

import typer.completion

from syncd.cli.out import print_json
from syncd.cli.run import COMPLETE, OK
from syncd.errors import ConfigError
from syncd.text.explain import not_one_of

SHELLS = ("bash", "zsh", "fish")


def run(shell: str, *, json: bool = False) -> int:
    """Print the script of a shell."""
    if shell not in SHELLS:
        raise ConfigError(not_one_of(shell, SHELLS), field="completion")
    script = typer.completion.get_completion_script(  # type: ignore[attr-defined]  # typer imports it there
        prog_name="syncd", complete_var=COMPLETE, shell=shell
    )
    if json:
        print_json({"command": "completion", "shell": shell, "script": script})
    else:
        print(script)
    return OK


def answer(instruction: str) -> int:
    """Tell a shell what may come next on its line."""
    from syncd.cli.app import app

    typer.completion.completion_init()  # type: ignore[attr-defined]  # typer imports it there
    return typer.completion.shell_complete(typer.main.get_command(app), {}, "syncd", COMPLETE, instruction)
