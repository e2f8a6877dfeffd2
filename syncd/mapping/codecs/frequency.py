"""Frequencies: how often an amount is due (plan model 7).

Takes a label or a number of times a year, gives a code that says both. "Bi-monthly" alone is not understood: it means
twice a month to one employer and every two months in BenefitPoint's list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, Final

from syncd.mapping.codecs.base import Context
from syncd.mapping.codecs.labels import LABEL_OPTIONS, LabelCodec
from syncd.mapping.codecs.numbers import plain_number
from syncd.model.records import JSON

_TIMES: Final = {
    "weekly_52": 52,
    "weekly_48": 48,
    "biweekly_26": 26,
    "semi_monthly_24": 24,
    "four_weekly_13": 13,
    "monthly": 12,
    "every_two_months_6": 6,
    "quarterly": 4,
    "semi_annual": 2,
    "annual": 1,
}
# The first label of each line is what is written where a row names none; blanks, dots, dashes and lines do not count.
_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "weekly_52": ("Weekly", "per week", "every week"),
    "weekly_48": ("48 times a year",),
    "biweekly_26": ("Biweekly", "bi-weekly (26/yr)", "bi-weekly 26 or yr", "biweekly 26", "every two weeks"),
    "biweekly_24": ("24 of 26 pay periods",),
    "semi_monthly_24": ("Semi-Monthly", "semi-monthly (24/yr)", "semi-monthly 24 or yr", "semimonthly 24",
                        "twice a month"),
    "four_weekly_13": ("Every Four Weeks", "four weekly"),
    "monthly": ("Monthly", "per month", "every month", "m"),
    "every_two_months_6": ("Every Two Months",),
    "quarterly": ("Quarterly", "per quarter", "q"),
    "semi_annual": ("Semi-Annual", "semi-annually"),
    "annual": ("Annual", "annually", "yearly", "per year", "y"),
    "per_pay_cycle": ("Per Pay Cycle", "per pay period"),
    "one_time": ("One Time", "one-time fee"),
}  # fmt: skip
_FILLING = re.compile(r"[\s._/()-]+")


def _plain(label: str) -> str:
    return _FILLING.sub("", label.lower())


_CODES: Final = {_plain(label): code for code, labels in _LABELS.items() for label in labels}
_BY_TIMES: Final = {Decimal(times): code for code, times in _TIMES.items()}


class FrequencyCodec(LabelCodec):
    """Frequencies. Option `form`: words, or number for times a year (LDEx); the row's `labels` are the target's
    words."""

    name = "frequency"
    options: ClassVar[Mapping[str, frozenset[str]]] = {**LABEL_OPTIONS, "form": frozenset({"words", "number"})}

    def known(self, label: str) -> str | None:
        """Give the frequency of a label."""
        number = plain_number(label)
        return _CODES.get(_plain(label)) if number is None else _BY_TIMES.get(number)

    def label(self, code: str, context: Context) -> JSON | None:
        """Give our label of a frequency."""
        if context.options.get("form") == "number":
            return _TIMES.get(code)
        return _LABELS[code][0] if code in _LABELS else None
