"""`syncd review …`: names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from syncd.cli.options import Check, Csv, Json, session

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Questions that no rule decided: list them (that is what `syncd review` alone does), show, answer.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="A question's id, or the beginning of it.")]
_Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="conflict, missing-record, … (repeatable)."),
]
_OfGroup = Annotated[str, typer.Option("--group", metavar="GROUP", help="Its id, or its name by pattern (Acme*).")]
_Plan = Annotated[str, typer.Option("--plan", metavar="PLAN", help="A plan's link id, or its name by pattern.")]
_Field = Annotated[str, typer.Option("--field", metavar="PATH", help="A field by pattern (rates[*).")]
_System = Annotated[str, typer.Option("--system", metavar="NAME", help="Where this system is concerned.")]
_Older = Annotated[float, typer.Option("--older", metavar="DAYS", min=0, help="Open for so many days at least.")]
_Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept with the decision.")]


@app.callback()
def _list(context: typer.Context, check: Check = False, json: Json = False) -> int:
    if context.invoked_subcommand is not None:
        return 0
    return list_(check=check, json=json)


@app.command("list")
def list_(
    *,
    kind: _Kinds = None,
    group: _OfGroup = "",
    plan: _Plan = "",
    field: _Field = "",
    system: _System = "",
    older: _Older = 0.0,
    check: Check = False,
    csv: Csv = False,
    json: Json = False,
) -> int:
    """List the open questions, oldest first."""
    from syncd.cli.commands import review as command

    which = command.Which(tuple(kind or ()), group, plan, field, system, older)
    return command.show_list(session(json=json, csv=csv), which, check=check)


@app.command()
def show(id_: Id, json: Json = False) -> int:
    """Show a question: what each system holds and held, why no rule decided, what each answer would do."""
    from syncd.cli.commands import review as command

    return command.show(session(json=json), id_)


@app.command()
def edit(id_: Id, json: Json = False) -> int:
    """Open a question's file in $EDITOR, then read what was decided in it."""
    from syncd.cli.commands import decide as command

    return command.edit(session(json=json), id_)


@app.command()
def decide(
    words: Annotated[
        list[str], typer.Argument(metavar="[ID] ANSWER", help="An id and its answer; with filters only the answer.")
    ],
    *,
    kind: _Kinds = None,
    group: _OfGroup = "",
    plan: _Plan = "",
    field: _Field = "",
    system: _System = "",
    older: _Older = 0.0,
    everything: Annotated[bool, typer.Option("--all", help="Every open question that takes this answer.")] = False,
    value: Annotated[
        bool, typer.Option("--value", help="ANSWER is a value of your own, which every system gets.")
    ] = False,
    note: _Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="With filters: do it; else it is only shown.")] = False,
    json: Json = False,
) -> int:
    """Answer a question, or many at once by filter; the next sync carries it out.

    ANSWER is one of those that `syncd review show ID` lists: a system, ignore, approve, {value: "512.40"},
    {link: {crm: "4711"}, sources: quote}, {end: "4711"}, …
    """
    from syncd.cli.commands import decide as command
    from syncd.cli.commands.review import Which

    which = Which(tuple(kind or ()), group, plan, field, system, older, everything)
    return command.run(session(json=json), words, which, value=value, note=note, yes=yes)


@app.command()
def apply(json: Json = False) -> int:
    """Read the answers in the review files now; the next sync carries them out."""
    from syncd.cli.commands import decide as command

    return command.apply(session(json=json))


@app.command()
def withdraw(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Questions whose answers are taken back.")],
    note: _Note = "",
    json: Json = False,
) -> int:
    """Take back an answer that was not carried out yet, also an `ignore`; the question is open again."""
    from syncd.cli.commands import decide as command

    return command.take_back(session(json=json), ids, note=note)
