"""One value of a benefit attribute as a person reads it, and back into the vendor's three fields.

BenefitPoint keeps a text, its unit and more text beside it: `1500` dollars, `80` percent "after deductible", a copay as
text. Joined they are one text: `$1,500`, `80% after deductible`, `$10 copay`. A changed text goes back in the unit that
the attribute already uses where that says the same, else as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from syncd.connectors.benefitpoint.contract import Data
from syncd.model.numbers import DIGITS

_NUMBER = rf"(?P<number>{DIGITS})"
_PLAIN = re.compile(rf"{_NUMBER}\Z")
_DOLLARS = re.compile(rf"\$ ?{_NUMBER}(?: (?P<rest>\S.*))?\Z", re.DOTALL)
_PERCENT = re.compile(rf"{_NUMBER} ?%(?: (?P<rest>\S.*))?\Z", re.DOTALL)
_COUNT = re.compile(rf"{_NUMBER} (?P<unit>[a-z]+)(?: (?P<rest>\S.*))?\Z", re.DOTALL)
_TIMES_SALARY = re.compile(rf"{_NUMBER} ?[xX] salary(?: (?P<rest>\S.*))?\Z", re.DOTALL)
_COMMA = re.compile(r"(?<=\d),(?=\d{3})")
_COUNTED: Final = frozenset({"days", "weeks", "months", "year", "years", "visits"})


def text_of(detail: Mapping[str, Any]) -> str | None:
    """Join value, unit and ancillary text; None: no value."""
    value = str(detail.get("value", "")).strip()
    more = str(detail.get("ancillaryText", "")).strip()
    return " ".join(text for text in (_with_unit(value, detail.get("UOM")), more) if text) or None


def _with_unit(value: str, unit: object) -> str:
    """Write a bare number with its unit; whatever else stands in the value says its unit itself."""
    if not _PLAIN.match(value):
        return value
    if unit == "dollars":
        return f"${_grouped(value)}"
    if unit == "percent":
        return f"{value}%"
    if unit == "X_salary":
        return f"{value} x salary"
    return f"{value} {unit}" if unit in _COUNTED else value


def _grouped(number: str) -> str:
    """Write a number of dollars as people do: 1500 is 1,500, 0.043 stays 0.043."""
    whole, point, cents = number.replace(",", "").partition(".")
    return f"{int(whole or 0):,}{point}{cents}"


def detail_of(text: str | None, before: Mapping[str, Any]) -> Data:
    """Give the detail that reads as `text`: `before` with other value, unit and ancillary text."""
    kept = {key: value for key, value in before.items() if key not in ("value", "ancillaryText")}
    if text is None:
        return kept
    for value, unit, more in _readings(text, before):
        made = {**kept, "value": value, **({"UOM": unit} if unit else {}), **({"ancillaryText": more} if more else {})}
        if _alike(text_of(made), text):
            return made
    return {**kept, "UOM": "text", "value": text}


def _readings(text: str, before: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give value, unit and rest in the ways that the text can be taken apart, the attribute's own unit first."""
    own = str(before.get("UOM", ""))
    if own == "text" or (own in ("", "number") and not _measured(text)):
        yield text, own or "text", ""
        return
    for unit, form in (("dollars", _DOLLARS), ("percent", _PERCENT), ("X_salary", _TIMES_SALARY), (own, _COUNT)):
        found = form.match(text)
        if found is not None and (form is not _COUNT or found["unit"] == own):
            yield found["number"].replace(",", ""), unit, (found["rest"] or "").strip()


def _measured(text: str) -> bool:
    return any(form.match(text) for form in (_DOLLARS, _PERCENT, _TIMES_SALARY))


def _alike(made: str | None, text: str) -> bool:
    """Tell whether two texts say the same but for the commas between thousands."""
    return made is not None and _COMMA.sub("", made) == _COMMA.sub("", text)
