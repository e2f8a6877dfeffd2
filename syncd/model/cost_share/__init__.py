"""Cost shares: what a member pays for a service, and the amounts of deductibles and maxima.

Takes texts as systems write them, gives values that compare by meaning, and writes them back in one canonical text. A
text whose every word the grammar knows becomes a `CostShare` or one of the two absences; any other stays `Unparsed`.

A grammar of phrases was chosen over a table of whole texts, which the PUF alone would need hundreds of, and over a
model that scores likely meanings, because a wrong meaning here is a wrong bill.
"""

from syncd.model.cost_share.parse import decode, parse
from syncd.model.cost_share.text import Perspective, encode, format_cost_share
from syncd.model.cost_share.value import (
    Coinsurance,
    Copay,
    CostShare,
    Deductible,
    Join,
    NoAmount,
    Nothing,
    OverAllowance,
    Part,
    Per,
    Quantity,
    Tier,
)
from syncd.model.cost_share.words import Network, State, Unit

__all__ = [
    "Coinsurance",
    "Copay",
    "CostShare",
    "Deductible",
    "Join",
    "Network",
    "NoAmount",
    "Nothing",
    "OverAllowance",
    "Part",
    "Per",
    "Perspective",
    "Quantity",
    "State",
    "Tier",
    "Unit",
    "decode",
    "encode",
    "format_cost_share",
    "parse",
]
