from __future__ import annotations
import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def hello() -> int:
    return 3


@app.command()
def boo() -> int:
    return 1 // 0
