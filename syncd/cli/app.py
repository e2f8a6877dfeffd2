"""The commands: names, options and help. What they do is in `syncd.cli.commands`, imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Keep employee-benefit plans in step across systems; ask a person wherever no rule decides.",
    epilog="Exit codes: 0 in step, 1 changes or questions open (only with --check), 2 usage or configuration, "
    "3 partial, 4 refused by a guard.",
)
groups_app = typer.Typer(rich_markup_mode=None, help="Employer groups: list them, find candidates, link them.")
app.add_typer(groups_app, name="groups", invoke_without_command=True)


class _Globals:
    config: Path | None = None
    verbose: bool = False


def _session(*, json: bool = False):
    from syncd.cli.session import Session

    return Session(_Globals.config, _Globals.verbose, json)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read the systems again first.")]
Check = Annotated[bool, typer.Option("--check", help="Exit 1 when changes or questions are open.")]
Group = Annotated[str, typer.Argument(help="A group: its id, its name, or a record of it (crm=7104).")]


@app.callback()
def _main(
    config: Annotated[Optional[Path], typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to stderr what is done.")] = False,
) -> None:
    _Globals.config, _Globals.verbose = config, verbose


@groups_app.callback(invoke_without_command=True)
def groups(ctx: typer.Context, json: Json = False, refresh: Refresh = False) -> int | None:
    if ctx.invoked_subcommand is not None:
        return None
    from syncd.cli.commands import groups as command

    return command.show(_session(json=json), refresh=refresh)


@groups_app.command("list")
def groups_list(json: Json = False, refresh: Refresh = False) -> int:
    from syncd.cli.commands import groups as command

    return command.show(_session(json=json), refresh=refresh)


@groups_app.command("candidates")
def groups_candidates(json: Json = False, refresh: Refresh = False) -> int:
    from syncd.cli.commands import groups as command

    return command.candidates(_session(json=json), refresh=refresh)


@groups_app.command("link")
def groups_link(
    records: Annotated[list[str], typer.Argument(metavar="SYSTEM=ID …")],
    source: Annotated[Optional[str], typer.Option()] = None,
    json: Json = False,
    refresh: Refresh = False,
) -> int:
    from syncd.cli.commands import groups as command

    return command.link(_session(json=json), records, source=source, refresh=refresh)


@groups_app.command("unlink")
def groups_unlink(group: Group, plans: bool = False, reason: str = "", json: Json = False) -> int:
    from syncd.cli.commands import groups as command

    return command.unlink(_session(json=json), group, plans=plans, reason=reason)


@app.command()
def plans(group: Group, json: Json = False, refresh: Refresh = False) -> int:
    from syncd.cli.commands import plans as command

    return command.show(_session(json=json), group, refresh=refresh)


@app.command()
def link(
    group: Group,
    file: Annotated[Optional[Path], typer.Argument()] = None,
    out: Annotated[Optional[Path], typer.Option()] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    check: Check = False,
    json: Json = False,
) -> int:
    from syncd.cli.commands import link as command

    return command.run(_session(json=json), group, file, out, dry_run=dry_run, check=check)


@app.command()
def unlink(group: Group, plan: str, reason: str = "", json: Json = False) -> int:
    from syncd.cli.commands import link as command

    return command.unlink(_session(json=json), group, plan, reason=reason)


@app.command()
def sync(
    group: Annotated[Optional[str], typer.Argument()] = None,
    plan: Annotated[Optional[str], typer.Option()] = None,
    system: Annotated[list[str], typer.Option()] = [],
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    out: Annotated[Optional[Path], typer.Option()] = None,
    apply: Annotated[Optional[Path], typer.Option()] = None,
    force: Annotated[list[str], typer.Option()] = [],
    wait: Annotated[float, typer.Option()] = 60,
    check: Check = False,
    json: Json = False,
) -> int:
    from syncd.cli.commands import sync as command

    ask = command.Ask(group, plan, system, dry_run, out, apply, force, wait, check)
    return command.run(_session(json=json), ask)
