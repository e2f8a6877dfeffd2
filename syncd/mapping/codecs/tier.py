"""Coverage tiers: whom a rate covers (plan model 6.2).

Takes a label, gives a code: ee employee, es with spouse, ec with any children, e1c and e2c with one or several
children, es1c and es2c the same with a spouse, e1 with any one person, ef family, so spouse only, co children only, sc
both. Never guesses: "Employee + Children" is ec where no tier for one child stands beside it and e2c where one does,
so only the row's own labels can say.
"""

from __future__ import annotations

import re
from typing import Final

from syncd.mapping.codecs.base import Context
from syncd.mapping.codecs.labels import LabelCodec
from syncd.model.records import JSON

# The first label of each line is what is written where a row names none.
_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "ee": ("employee only", "employee", "self", "self only", "self-only", "empl only", "ee", "ee only", "single",
           "single (1)", "one-party", "emp", "employee_only"),
    "es": ("employee + spouse", "ee and sp", "ee/s", "e + spouse", "empl + spouse", "employee & spouse",
           "employee & spouse/domestic partner", "employee/spouse", "employeespouse", "esp", "employee_spouse",
           "employee_and_spouse"),
    "ec": ("employee + child(ren)", "ee and ch", "ee/c", "ee + child(ren)", "empl + child(ren)", "employee/children",
           "employee & children", "employeechildren", "ech", "employee_and_one_or_more_dependents"),
    "e1c": ("employee + one child", "e + child", "employee_child"),
    "e2c": ("employee + two children", "e + children"),
    "es1c": ("employee, spouse + one child", "e + spouse + child"),
    "es2c": ("employee, spouse + two children", "e + spouse + children",
             "employee, spouse + two children (full family)"),
    "e1": ("employee + 1", "self plus one", "self-plus one", "employee + l", "two-party", "two", "e1d",
           "employee + child(ren) or spouse"),
    "ef": ("employee + family", "family", "full family", "self & family", "ee and fam", "emp., sp. & child(ren)",
           "empl + spouse + child(ren)", "employee + 2 or more", "family (3+)", "employeefamily", "fam",
           "employee_family"),
    "so": ("spouse only", "spouseonly", "spo"),
    "co": ("child only", "chd"),
    "sc": ("spouse + child(ren)", "spc"),
}  # fmt: skip

# Colorado prints the payroll's tier behind the label: "Empl Only (T1/P1)".
_PAYROLL_TIER = re.compile(r" ?\(t[0-9]/p[0-9]\)\Z")
_AROUND_SIGN = re.compile(r" ?([+&/,]) ?")


def _plain(label: str) -> str:
    return _AROUND_SIGN.sub(r"\1", _PAYROLL_TIER.sub("", label))


_CODES: Final = {_plain(label): code for code, labels in _LABELS.items() for label in labels}
_WRITTEN: Final = {code: labels[0].capitalize() for code, labels in _LABELS.items()}


class TierCodec(LabelCodec):
    """Coverage tiers; the row's `labels` are the target's tiers."""

    name = "tier"

    def known(self, label: str) -> str | None:
        """Give the tier of a label."""
        return _CODES.get(_plain(label))

    def label(self, code: str, context: Context) -> JSON | None:
        """Give our label of a tier."""
        return _WRITTEN.get(code)
