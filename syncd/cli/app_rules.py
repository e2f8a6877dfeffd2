"""`syncd rules …` and `syncd mappings …`: names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syncd.cli.options import Group, Json, Plan, session

rules = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Rules: who wins when two systems changed the same field."
)
mappings = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Mappings: which vendor field is which field of a plan."
)


_CASES = """Run cases through the real engine on systems in memory, and compare what comes of them. Exit 0 if all hold.

A case without `rules:` runs under the rules of this installation (--config). A file of cases:

\b
format: syncd-scenario/1
scenarios:
- id: rates-follow-crm
  title: Both edited the renewal rate
  kind: plan             # plan | group | generic (any flat fields; the default)
  systems: {crm: {}, quote: {}}    # versions: etag, read_only: true, create: false, carries: [rates] …
  rules: {default: {on_conflict: ask}}       # left out: the installation's
  start:                 # base: what was agreed; every other key is a system and its records
    base:  {p1: {"rates[2026-01-01].ee": "512.40"}}
    crm:   {p1: {"rates[2026-01-01].ee": "512.40"}}
    quote: {p1: {"rates[2026-01-01].ee": "512.40"}}
  cycles:                # each: what people did, then one run, then what must have come of it
  - edit:
      crm:   {p1: {"rates[2026-01-01].ee": "530.00"}}
      quote: {p1: {"rates[2026-01-01].ee": "525.00"}}
    expect:              # what is left out is not checked
      result: open       # ok | open | partial | refused | config_error
      writes: {crm: 0, quote: 0}
      proposals: {conflict: ["p1.rates[2026-01-01].ee"]}
      quote: {p1: {"rates[2026-01-01].ee": "525.00"}}

\b
Also: decide: {"conflict p1.details.name": crm}   mode: sync | dry_run | resync   force: [GUARD]
faults: {quote: {list: partial, write: lost_reply, kill: after_send, times: 1}}   guards, ignore, linked
  list: partial | empty | short | stale | error   write: fail | fail_after | half | lost_reply
clock: -24 (our clock is so many hours ahead)   in a record: _id, _group (another client), _t, _v
systems: {quote: {trims: true, longest: 20, escapes: true, recase: upper, decimals: 0}}   what it makes of texts
`null` is empty, `!na` does not apply, a null record is removed. `syncd config schema cases` writes a schema.
"""


@rules.command("test", short_help="Try rules on cases.", help=_CASES)
def run_tables(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER…", help="Scenario tables.")],
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML, too.")] = None,
    json: Json = False,
) -> int:
    """Run cases through the real engine on systems in memory, and compare what comes of them."""
    from syncd.cli.commands import rules as command

    return command.test(session(json=json), paths, junit)


@rules.command("show")
def show_rules(json: Json = False) -> int:
    """Print every rule with its name."""
    from syncd.cli.commands import rules as command

    return command.show(session(json=json))


@rules.command()
def explain(
    group: Group,
    plan: Plan,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="A field, or the end of one.")],
    json: Json = False,
) -> int:
    """Say which rule holds for a field, setting by setting."""
    from syncd.cli.commands import rules as command

    return command.explain(session(json=json), group, plan, field)


@mappings.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Systems, or mapping files; else all systems.")
    ] = None,
    *,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, help="Try them on so many records of each kind.")
    ] = 100,
    notes: Annotated[bool, typer.Option("--notes", help="Tell each warning and note, not one line a kind.")] = False,
    json: Json = False,
) -> int:
    """Check mappings: the file, the system's own fields, and on its records that nothing is lost there and back.

    Errors are laws that do not hold and fields that the system does not have; exit 2 when there is one. Fields that no
    record fills in are notes.
    """
    from syncd.cli.commands import mappings as command

    return command.check(session(json=json), command.Ask(names or (), samples, notes))


@mappings.command("show")
def show_mapping(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A system, mapping or file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print tables for a web page.")] = False,
    json: Json = False,
) -> int:
    """Print the sync map from the tables that the code runs, with counts per line of coverage."""
    from syncd.cli.commands import mappings as command

    return command.show(session(json=json), name, markdown=markdown)


@mappings.command("try")
def try_(
    codec: Annotated[str, typer.Argument(metavar="CODEC", help="text, money, date, percent, cost_share, …")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT…]", help="Else the lines of stdin.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="An option of the codec (repeatable).")
    ] = None,
    json: Json = False,
) -> int:
    """Say what a codec understands of texts, and what it would write."""
    from syncd.cli.commands import mappings as command

    return command.trial(session(json=json), codec, texts or (), option or ())
