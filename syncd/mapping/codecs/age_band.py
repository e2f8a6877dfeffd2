"""Age bands: the ages a rate is for.

Takes a label ("0-14", "64 and over", "< 39", "30"), gives a cell name: `age_0_14`, `age_64_plus`, `age_0_38`,
`age_30_30`. Reads bands to the letter, holes between them included: "< 39" beside "40-54" says nothing about 39 (trap
8).
"""

from __future__ import annotations

import re
from typing import Final

from syncd.mapping.codecs.base import Context
from syncd.mapping.codecs.labels import LabelCodec
from syncd.model.records import JSON

_AGE = r"(?:ages? )?"
_BAND = re.compile(rf"{_AGE}(?P<low>[0-9]{{1,3}}) ?(?:-|to) ?(?P<high>[0-9]{{1,3}})")
_UP = re.compile(
    rf"{_AGE}(?P<low>[0-9]{{1,3}})(?: ?\+|(?: years)? (?:and|or|&) (?:over|older|above))|>= ?(?P<least>[0-9]{{1,3}})"
)
_ABOVE = re.compile(r"> ?(?P<low>[0-9]{1,3})")
_BELOW = re.compile(rf"(?:<|under) ?{_AGE}(?P<high>[0-9]{{1,3}})")
_SINGLE = re.compile(rf"{_AGE}(?P<low>[0-9]{{1,3}})")
_CODE: Final = re.compile(r"age_(?P<low>[0-9]{1,3})_(?P<high>[0-9]{1,3}|plus)")


class AgeBandCodec(LabelCodec):
    """Age bands; the row's `labels` are for systems that name a band by one of its ages (14 for 0-14, trap 14)."""

    name = "age_band"

    def known(self, label: str) -> str | None:
        """Give the cell name of a band."""
        if label == "all ages":
            return "age_0_plus"
        if found := _BAND.fullmatch(label):
            low, high = int(found["low"]), int(found["high"])
            return f"age_{low}_{high}" if low <= high else None
        if found := _UP.fullmatch(label):
            return f"age_{int(found['low'] or found['least'])}_plus"
        if found := _ABOVE.fullmatch(label):
            return f"age_{int(found['low']) + 1}_plus"
        if found := _BELOW.fullmatch(label):
            return f"age_0_{int(found['high']) - 1}" if int(found["high"]) else None
        found = _SINGLE.fullmatch(label)
        return f"age_{int(found['low'])}_{int(found['low'])}" if found else None

    def label(self, code: str, context: Context) -> JSON | None:
        """Give our label of a band."""
        found = _CODE.fullmatch(code)
        if found is None:
            return None
        low, high = found["low"], found["high"]
        if high == "plus":
            return f"{low} and over"
        return low if low == high else f"{low}-{high}"
