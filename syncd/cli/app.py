"""The commands: names, options and help. What they do is in `syncd.cli.commands`, imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from syncd.cli import app_config, app_groups, app_review, app_rules
from syncd.cli.options import (
    All,
    Check,
    Csv,
    DryRun,
    Group,
    Json,
    Plan,
    Reason,
    Refresh,
    SomeGroup,
    Yes,
    remember,
    session,
)

ORDER = (
    *("init", "demo", "doctor", "systems", "groups", "import", "plans", "link", "unlink", "sync", "resync"),
    *("pause", "resume", "review", "run", "history", "why", "status", "config", "mappings", "rules", "sandbox"),
    "completion",
)


class InOrder(TyperGroup):
    """The commands in the order in which people need them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own
        """Name the commands."""
        del ctx
        return sorted(self.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keep employee-benefit plans in step across systems; ask a person wherever no rule decides.",
    epilog="Exit codes: 0 in step; 1 changes or questions open (only with --check); 2 usage or configuration; "
    "3 partial; 4 refused by a guard. New here? `syncd demo`.",
    cls=InOrder,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"syncd {version('syncd')}")
        raise typer.Exit


@app.callback()
def _globals(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The configuration; else $SYNCD_CONFIG, ./syncd.toml, /etc/."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to stderr what is done.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors; the exit code tells the rest.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    del version
    remember(config, verbose=verbose, quiet=quiet)


@app.command(short_help="Make a configuration and say how to go on.")
def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to make it.")] = Path(),
    json: Json = False,
) -> int:
    """Make syncd.toml, rules.yaml and the state folder, and say how to go on."""
    from syncd.cli.commands import init as command

    return command.run(session(json=json), folder)


@app.command(short_help="Tell a story on real public plans.")
def demo(
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Where it is laid out, and stays; else a new syncd-demo."),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Tell the story of two file drops, which needs no vendor.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Take an earlier demo in that folder away first.")] = False,
    json: Json = False,
) -> int:
    """Tell a story on real public plans: import a client, link, edit on both sides, sync, decide, explain.

    PerfectQuote and BenefitPoint run on this machine while it is told, to practise on; no real vendor is asked.
    """
    from syncd.cli.commands import demo as command

    return command.run(session(json=json), keep, files=files, force=force)


@app.command(short_help="Look whether everything is well.")
def doctor(
    system: Annotated[str | None, typer.Argument(metavar="[SYSTEM]", help="Only this system.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when something is not well.")] = False,
    json: Json = False,
) -> int:
    """Look whether everything is well: settings, login, rights, mappings against the live systems, store, disk."""
    from syncd.cli.commands import doctor as command

    return command.run(session(json=json), system, check=check)


@app.command(short_help="Show the systems and what they can take.")
def systems(
    connectors: Annotated[bool, typer.Option("--connectors", help="List the connectors instead.")] = False,
    json: Json = False,
) -> int:
    """Show the systems: whether they answer, what they can take, when they were read."""
    from syncd.cli.commands import systems as command

    return command.connectors(session(json=json)) if connectors else command.run(session(json=json))


app.add_typer(app_groups.app, name="groups", short_help="Employer groups: list, find, link them.")


@app.command(short_help="List the plans of a group.")
def plans(
    group: Group,
    lineage: Annotated[
        bool, typer.Option("--lineage", help="Show which plan year follows which, and the gaps.")
    ] = False,
    refresh: Refresh = False,
    json: Json = False,
) -> int:
    """List the plans of a group: how the linked ones stand, and what is linked to nothing."""
    from syncd.cli.commands import plans as command

    show = command.show_lineage if lineage else command.show
    return show(session(json=json), group, refresh=refresh)


@app.command("import", short_help="Bring a group in from a system.")
def import_(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A system whose groups can be searched.")],
    *,
    number: Annotated[str, typer.Option("--number", metavar="N", help="The account's number.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="A part of its name.")] = "",
    into: Annotated[
        list[str] | None,
        typer.Option("--into", metavar="SYSTEM=ID", help="The same client in another system (repeatable)."),
    ] = None,
    create_in: Annotated[
        str | None, typer.Option("--create-in", metavar="SYSTEM", help="Create the client there.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="SYSTEM", help="Whose details of the client count; else asked.")
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read the list of accounts anew first.")] = False,
    pick: Annotated[str | None, typer.Option("--pick", metavar="ID", help="Which of several that were found.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The decision file; else named after the group.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Bring a group in: find its account by number or name, link it, show both sides' plans, write a decision file.

    Who is whose counterpart you say: with --into, or --create-in. Without them the likely ones are shown.
    """
    from syncd.cli.commands import import_ as command

    ask = command.Ask(system, name, number, tuple(into or ()), create_in, source, pick, refresh, out, dry_run)
    return command.run(session(json=json, yes=yes), ask)


@app.command(short_help="Decide which plans belong together.")
def link(
    group: Group,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A decision file to carry out.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write a decision file.")] = None,
    dry_run: DryRun = False,
    check: Check = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Decide which plans of a group belong together: write a decision file with --out, then give it back.

    All decisions of a file are checked together; if one is wrong, none is taken. What linking overwrites is shown, and
    written by the next sync.
    """
    from syncd.cli.commands import link as command

    return command.run(session(json=json, yes=yes), group, file, out, dry_run=dry_run, check=check)


@app.command(short_help="Part the records of a plan.")
def unlink(group: Group, plan: Plan, reason: Reason = "", yes: Yes = False, json: Json = False) -> int:
    """Part the records of a plan; all of them and their history stay."""
    from syncd.cli.commands import link as command

    return command.unlink(session(json=json, yes=yes), group, plan, reason=reason)


@app.command(short_help="Sync once, or show what it would do.")
def sync(
    group: SomeGroup = None,
    *,
    plan: Annotated[str | None, typer.Option("--plan", metavar="PLAN", help="Write only this plan of GROUP.")] = None,
    system: Annotated[
        list[str] | None, typer.Option("--system", metavar="NAME", help="Write only to this system (repeatable).")
    ] = None,
    dry_run: DryRun = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Dry run; save it, to apply just that later."),
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option("--apply", metavar="FILE", help="Carry out a saved dry run, or refuse."),
    ] = None,
    force: Annotated[
        list[str] | None,
        typer.Option("--force", metavar="GUARD", help="Override this guard, for this run."),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for another process.")
    ] = 60.0,
    check: Check = False,
    csv: Csv = False,
    json: Json = False,
) -> int:
    """Sync once: take answers in, read every system, write what is decided, ask the rest.

    On the screen: + a value or record that is new, ~ one that changes, - one that ends, ? a question, @ something to be
    entered by hand, # a note in a system's own notebook, … what waits, ! a guard or something that failed.
    """
    from syncd.cli.commands import sync as command

    ask = command.Ask(group, plan, tuple(system or ()), dry_run, out, apply, tuple(force or ()), wait, check)
    return command.run(session(json=json, csv=csv), ask)


@app.command(short_help="Start from what the systems hold now.")
def resync(
    group: SomeGroup = None,
    winner: Annotated[
        str | None,
        typer.Option("--winner", metavar="SYSTEM", help="Its values overwrite the others'."),
    ] = None,
    everything: All = False,
    dry_run: DryRun = False,
    check: Check = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Forget what was agreed and start from what the systems hold now: equal values agree, differing ones are asked."""
    from syncd.cli.commands import resync as command

    ask = command.Ask(group, winner, everything=everything, dry_run=dry_run, check=check)
    return command.run(session(json=json, yes=yes), ask)


_System = Annotated[str | None, typer.Option("--system", metavar="NAME", help="Only this system.")]
_OfGroup = Annotated[str | None, typer.Option("--group", metavar="GROUP", help="Only this group.")]


@app.command(short_help="Stop writes.")
def pause(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; shown wherever a write waits.")],
    system: _System = None,
    group: _OfGroup = None,
    everything: All = False,
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Writes go on by themselves then: 2026-12-31, 17:30, 2h, 3d.")
    ] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Stop writes to a system, of a group, or (--all) all of them; reading and deciding go on."""
    from syncd.cli.commands import pauses as command

    which = command.Which(system, group, everything=everything)
    return command.pause(session(json=json, yes=yes), which, reason, until)


@app.command(short_help="Allow writes again.")
def resume(
    system: _System = None, group: _OfGroup = None, everything: All = False, yes: Yes = False, json: Json = False
) -> int:
    """Allow writes again; --all ends all pauses."""
    from syncd.cli.commands import pauses as command

    return command.resume(session(json=json, yes=yes), command.Which(system, group, everything=everything))


app.add_typer(app_review.app, name="review", short_help="Questions that no rule decided.")


@app.command(short_help="List what happened.")
def history(
    group: SomeGroup = None,
    *,
    plan: Annotated[str | None, typer.Option("--plan", metavar="PLAN", help="Only this plan of GROUP.")] = None,
    field: Annotated[str | None, typer.Option("--field", metavar="PATH", help="Only this field or table.")] = None,
    system: Annotated[str | None, typer.Option("--system", metavar="NAME", help="Only this system.")] = None,
    record: Annotated[str | None, typer.Option("--record", metavar="ID", help="Only this record of --system.")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="ID", help="Only this run.")] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="What happened since then: 2026-12-01, 17:30, 2h, 3d.")
    ] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="The newest so many; else 40, or all with --since or --csv.")
    ] = None,
    images: Annotated[
        bool, typer.Option("--images", help="Show what writes changed in the vendors' own records, where it was kept.")
    ] = False,
    csv: Csv = False,
    json: Json = False,
) -> int:
    """List what happened, newest first: edits seen, writes with what was read back, decisions, links."""
    from syncd.cli.commands import history as command

    ask = command.Ask(group, plan, field, system, record, run, since, limit, images)
    return command.run(session(json=json, csv=csv), ask)


@app.command(short_help="Account for a field.")
def why(
    group: Group,
    plan: Plan,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="A field, the end of one, or rates[2026-01-01].")],
    json: Json = False,
) -> int:
    """Account for a field: who changed it, which rule decided, what lost, where it was written and read back."""
    from syncd.cli.commands import why as command

    return command.run(session(json=json), group, plan, field)


@app.command(short_help="Keep everything in step until told to stop.")
def run(
    once: Annotated[bool, typer.Option("--once", help="Do everything that is due now, then end.")] = False,
    json: Json = False,
) -> int:
    """Keep everything in step until told to stop: the service.

    Reads each system and runs each group once an hour, takes answers from review files within seconds. SIGTERM finishes
    what is under way and ends; SIGHUP reads the settings anew and keeps the old ones when the new are bad.
    """
    from syncd.cli.commands import run as command

    return command.run(session(json=json), once=once)


@app.command(short_help="Tell how everything stands.")
def status(check: Check = False, json: Json = False) -> int:
    """Tell how systems and groups stand: last reads and runs, open questions, what is owed, what is paused."""
    from syncd.cli.commands import status as command

    return command.run(session(json=json), check=check)


app.add_typer(app_config.app, name="config", short_help="What is set, whether it is right, editor schemas.")
app.add_typer(app_rules.mappings, name="mappings", short_help="Which vendor field is which field of a plan.")
app.add_typer(app_rules.rules, name="rules", short_help="Who wins when two systems changed one field.")


_COMPLETION = """Print a script that lets your shell complete commands and options.

\b
bash:  syncd completion bash > ~/.local/share/bash-completion/completions/syncd
zsh:   syncd completion zsh > ~/.zfunc/_syncd       (with fpath+=~/.zfunc before compinit)
fish:  syncd completion fish > ~/.config/fish/completions/syncd.fish
"""


@app.command(short_help="Let your shell complete commands.", help=_COMPLETION)
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Your shell.")], json: Json = False
) -> int:
    """Print a script that lets a shell complete commands and options."""
    from syncd.cli.commands import completion as command

    return command.run(shell, json=json)


_sandbox = typer.Typer(invoke_without_command=True)
app.add_typer(_sandbox, name="sandbox", short_help="Serve vendors on loopback, to practise on.")


@_sandbox.callback()
def sandbox(
    context: typer.Context,
    system: Annotated[
        list[str] | None, typer.Option("--system", metavar="NAME", help="Serve only this vendor (repeatable).")
    ] = None,
    port_base: Annotated[
        int, typer.Option("--port-base", metavar="N", min=0, max=65000, help="Ports from N + 1 on; 0 takes free ones.")
    ] = 8800,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Which world: other ids, the same figures.")] = 1,
    clock: Annotated[
        str | None, typer.Option("--clock", metavar="ISO", help="The time it is there; else the present.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="Go on from here, and save here at the stop.")
    ] = None,
    json: Json = False,
) -> None:
    """Serve PerfectQuote and BenefitPoint on loopback, with real public plan figures, to practise on.

    Prints one line of JSON when it is ready: addresses, made-up credentials, and the back door by which a test edits as
    a vendor's user, sets the clock and breaks things. SIGTERM or Ctrl-C stops it.
    """
    from syncd.cli.commands import sandbox as command

    del json  # what it prints is JSON anyway
    if context.invoked_subcommand is None:
        command.run(command.Ask(tuple(system or ()), port_base, seed, clock, state))


def _door(verb: str, what: str) -> None:
    """Add a verb of the back door; its words are the sandbox's own."""

    @_sandbox.command(
        verb,
        short_help=what,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )
    def ask(context: typer.Context) -> None:
        from syncd.cli.commands import sandbox as command

        command.ask([verb, *context.args])


_door("edit", "Edit a record there as a user of the vendor does.")
_door("clock", "Tell or set the time it is there.")
_door("break", "Let something go wrong there.")
_door("switch", "Tell or set how the vendor behaves there.")
