"""BenefitPoint to practise on: LoginV2 and BrokerConnect V4 (and what is known of V4.3) over SOAP 1.1, with state.

Written from public descriptions of the contract, never from a live system: nobody here has talked to one. The WSDL and
schemas in `wire/` are the sandbox's own restatement of the served part of that contract; a connector brings its own,
and a test compares the two. What the contract leaves open (omitted elements, age bands, sessions, 30 days) is a switch.

`server` is the vendor; `contract` and `codec` turn XML into records by the schema's own tables; `calls` are the
operations, `tenant` their shared rules, `render` makes the state from the seed, `edits` is a person at the screens.
"""

from __future__ import annotations

from syncd.sandbox.benefitpoint.server import BenefitPoint
from syncd.sandbox.clock import Clock
from syncd.sandbox.faults import Faults
from syncd.sandbox.seed.model import World


def build(world: World, clock: Clock, faults: Faults, seed: int) -> BenefitPoint:
    """Make the vendor for the kernel."""
    return BenefitPoint(world, clock, faults, seed)
