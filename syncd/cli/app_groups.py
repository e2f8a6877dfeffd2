"""`syncd groups …`: names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from syncd.cli.options import DryRun, Group, Json, Reason, Refresh, Yes, session

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Employer groups: list them (that is what `syncd groups` alone does), find candidates, link and unlink them.",
)


@app.callback()
def _list(context: typer.Context, refresh: Refresh = False, json: Json = False) -> int:
    if context.invoked_subcommand is not None:
        return 0
    return list_(refresh=refresh, json=json)


@app.command("list")
def list_(refresh: Refresh = False, json: Json = False) -> int:
    """List the groups: the linked ones with their state, then those that are linked to nothing."""
    from syncd.cli.commands import groups as command

    return command.show(session(json=json), refresh=refresh)


@app.command()
def candidates(refresh: Refresh = False, json: Json = False) -> int:
    """Show which unlinked groups share a tax id or an account number; names are no evidence."""
    from syncd.cli.commands import groups as command

    return command.candidates(session(json=json), refresh=refresh)


@app.command()
def link(
    records: Annotated[list[str], typer.Argument(metavar="SYSTEM=ID…", help="One record of each system.")],
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="SYSTEM", help="Whose details count; else they are asked."),
    ] = None,
    refresh: Refresh = False,
    json: Json = False,
) -> int:
    """Link the groups that are the same client; their plans are looked at from then on."""
    from syncd.cli.commands import groups as command

    return command.link(session(json=json), records, source=source, refresh=refresh)


@app.command()
def unlink(
    group: Group,
    plans: Annotated[bool, typer.Option("--plans", help="Unlink its plans, too.")] = False,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Part the records of a group; all of them and their history stay."""
    from syncd.cli.commands import groups as command

    return command.unlink(session(json=json, yes=yes), group, plans=plans, reason=reason)


@app.command()
def move(
    group: Group,
    record: Annotated[
        str, typer.Argument(metavar="SYSTEM=ID", help="The record that takes the place of its system's.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="SYSTEM", help="Its details count; else differences are asked.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Put another record in the place of one that was linked by mistake; plans linked with the former are parted."""
    from syncd.cli.commands import groups as command

    return command.move(session(json=json, yes=yes), group, record, source=source, dry_run=dry_run)
