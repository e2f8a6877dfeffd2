"""Try a codec on lines of text: what it understands of them, and what it would write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.errors import ConfigError
from syncd.mapping.codecs import CODECS, Context, Loss
from syncd.mapping.codecs.base import text_of
from syncd.mapping.compile_row import wrong_option
from syncd.model.values import Unparsed
from syncd.model.values_text import format_value
from syncd.text.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it came, what it means, what would be written for it, and whether it was understood at all."""

    raw: str
    parsed: str
    formatted: str
    understood: bool


def try_codec(name: str, lines: Iterable[str], options: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a codec over lines. Raises ConfigError when there is no such codec."""
    codec = CODECS.get(name)
    if codec is None:
        raise ConfigError(
            f"no codec is called {name!r}{did_you_mean(name, CODECS)}", hint=f"There are: {', '.join(CODECS)}."
        )
    for option, value in (options or {}).items():
        if wrong := wrong_option(codec, option, value):
            raise ConfigError(wrong, field=option)
    context = Context(options=options or {})
    rows: list[Row] = []
    for line in lines:
        value = codec.get(line, context)
        if isinstance(value, Unparsed):
            rows.append(Row(line, "", "", understood=False))
            continue
        written = codec.put(value, context)
        formatted = f"({written.why})" if isinstance(written, Loss) else text_of(written)
        rows.append(Row(line, format_value(value), formatted, understood=True))
    return rows
