"""Codecs by name: how one vendor value becomes a canonical value and back.

Each codec is a file; a mapping row names it and gives it options. Codecs are objects with two methods rather than pairs
of functions, because reading back before writing (the law of `base.py`) then lives in one place.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.mapping.codecs.age_band import AgeBandCodec
from syncd.mapping.codecs.base import Codec, Context, Loss
from syncd.mapping.codecs.code_pair import CodePairCodec
from syncd.mapping.codecs.cost_share import CostShareCodec
from syncd.mapping.codecs.cost_share_pair import CostSharePairCodec
from syncd.mapping.codecs.counts import DecimalCodec, IntegerCodec
from syncd.mapping.codecs.dates import DateCodec
from syncd.mapping.codecs.flag import FlagCodec
from syncd.mapping.codecs.frequency import FrequencyCodec
from syncd.mapping.codecs.lists import ListCodec
from syncd.mapping.codecs.money import MoneyCodec
from syncd.mapping.codecs.percent import PercentCodec
from syncd.mapping.codecs.tier import TierCodec
from syncd.mapping.codecs.unit import UnitCodec
from syncd.mapping.codecs.value_object import (
    CostShareObjectCodec,
    MoneyObjectCodec,
    PercentObjectCodec,
    TextObjectCodec,
)
from syncd.mapping.codecs.words import CodeCodec, TextCodec

CODECS: Mapping[str, Codec] = {
    codec.name: codec
    for codec in (
        AgeBandCodec(),
        CodeCodec(),
        CodePairCodec(),
        CostShareCodec(),
        CostShareObjectCodec(),
        CostSharePairCodec(),
        DateCodec(),
        DecimalCodec(),
        FlagCodec(),
        FrequencyCodec(),
        IntegerCodec(),
        ListCodec(),
        MoneyCodec(),
        MoneyObjectCodec(),
        PercentCodec(),
        PercentObjectCodec(),
        TextCodec(),
        TextObjectCodec(),
        TierCodec(),
        UnitCodec(),
    )
}

__all__ = ["CODECS", "Codec", "Context", "Loss"]
