"""Rate units: what one rate is multiplied by (plan model 6.1).

Takes a label, gives a code: `per_1000_volume` (life), `per_10_weekly_benefit` (short-term disability),
`per_100_payroll` (disability), `salary_factor`, `flat`, or `flat_per_10000` where one price buys a step of that volume.
"Per $100" alone is not understood: PrismHR means the benefit, rate sheets the payroll.
"""

from __future__ import annotations

import re
from typing import Final

from syncd.mapping.codecs.base import Context
from syncd.mapping.codecs.labels import LabelCodec
from syncd.model.numbers import DIGITS
from syncd.model.records import JSON

_LABELS: Final[dict[str, tuple[str, ...]]] = {
    "per_1000_volume": ("per $1,000 of insurance", "per $1,000", "rate / $1,000", "per $1,000 of volume",
                        "per $1,000 of coverage", "per $1,000 volume", "per thousand"),
    "per_10_weekly_benefit": ("per $10 of weekly benefit", "per $10 weekly benefit"),
    "per_100_payroll": ("per $100 of covered payroll", "per $100 payroll", "per $100 of payroll",
                        "per $100 of monthly covered payroll", "per $100 of monthly covered salary"),
    "salary_factor": ("factor x salary", "factor of salary", "salary factor"),
    "flat": ("flat", "flat amount", "flat rate"),
}  # fmt: skip
_STEP = re.compile(r"flat,? (?:for|per) \$(?P<step>[1-9][0-9]*)(?: of coverage)?(?:, one premium for all children)?")
_STEP_CODE = re.compile(r"flat_per_(?P<step>[1-9][0-9]*)")
_NUMBER = re.compile(DIGITS)


def _plain(label: str) -> str:
    """Give a label without the commas between thousands."""
    return _NUMBER.sub(lambda found: found[0].replace(",", ""), label)


_CODES: Final = {_plain(label): code for code, labels in _LABELS.items() for label in labels}
_WRITTEN: Final = {code: labels[0] for code, labels in _LABELS.items()}


class UnitCodec(LabelCodec):
    """Rate units; the row's `labels` are the target's words."""

    name = "unit"

    def known(self, label: str) -> str | None:
        """Give the unit of a label."""
        label = _plain(label)
        if (code := _CODES.get(label)) is not None:
            return code
        found = _STEP.fullmatch(label)
        return f"flat_per_{int(found['step'])}" if found else None

    def label(self, code: str, context: Context) -> JSON | None:
        """Give our label of a unit."""
        found = _STEP_CODE.fullmatch(code)
        return _WRITTEN.get(code) if found is None else f"flat, for ${int(found['step']):,} of coverage"
