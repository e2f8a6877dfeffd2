"""BenefitPoint (Vertafore): the broker's system of record for sold plans, over SOAP (Login V2, BrokerConnect V4).

The vendor's contract is followed to the letter, misspellings included; the public descriptions of it are of V4 (2016)
and this connector never spoke to a live installation. V4 writes accounts, products, benefit summaries and the activity
log; it has no call that writes rates, contributions or eligibility rules, so those become hand-offs.

zeep builds the messages and knows the types, the one HTTP seam sends them, and replies are read here (`contract.py`),
because zeep makes floats of amounts, shifts dates and refuses enum values of newer releases.
"""

from __future__ import annotations

from syncd.connectors.benefitpoint.settings import Settings
from syncd.connectors.benefitpoint.system import BenefitPoint
from syncd.connectors.registry import Forgetful, State

__all__ = ["BenefitPoint", "Settings", "connect"]


def connect(system: str, settings: Settings, state: State | None = None) -> BenefitPoint:
    """Make the connector; the first call logs in."""
    return BenefitPoint(system, settings, state if state is not None else Forgetful())
