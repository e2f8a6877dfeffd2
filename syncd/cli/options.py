"""Options that several commands share, and the session they are given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from syncd.cli.session import Session

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print a table for a spreadsheet on stdout.")]
Check = Annotated[bool, typer.Option("--check", help="Exit 1 when changes or questions are open.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; store and write nothing.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read the systems again first.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
All = Annotated[bool, typer.Option("--all", help="All of them; else one must be named.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the history.")]
Group = Annotated[
    str, typer.Argument(metavar="GROUP", help="A linked group: its id, its name, or a record (crm=7104).")
]
SomeGroup = Annotated[
    str | None, typer.Argument(metavar="[GROUP]", help="A linked group: its id, its name, or a record (crm=7104).")
]
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="A linked plan: its link id, its name, or a record.")]


class _Given:
    """What stood before the command."""

    config: Path | None = None
    verbose: bool = False


def remember(config: Path | None, *, verbose: bool, quiet: bool = False) -> None:
    """Keep the options that hold for every command."""
    from syncd.cli import out

    _Given.config, _Given.verbose = config, verbose
    out.be_quiet(quiet)


def session(*, json: bool = False, yes: bool = False, csv: bool = False) -> Session:
    """Make the session of a command. Raises ConfigError."""
    from syncd.cli.session import Session
    from syncd.errors import ConfigError

    if json and csv:
        raise ConfigError("--json and --csv are two forms of one answer", hint="Give one of the two.")
    return Session(_Given.config, _Given.verbose, json, yes, csv)
