"""One sandbox of both vendors per worker, and a few of its employers as the base world of histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from syncd.simulation.vendors.base import Base, Settled, cut_down, settled
from syncd.simulation.vendors.server import Vendor, running

EMPLOYERS = (
    "Federal employees, Georgia",
    "Federal employees, Ohio",
    "Federal employees, Michigan",
    "Federal employees, Southern California",
)
"""They have plans with rates, contributions and eligibility rules in both systems."""


@pytest.fixture(scope="session")
def vendors() -> Iterator[Mapping[str, Vendor]]:
    with running() as vendors:
        yield vendors


@pytest.fixture(scope="session")
def base(vendors) -> Iterator[Base]:
    """The vendors with a few employers in them."""
    base = cut_down(vendors, EMPLOYERS)
    yield base
    base.truth.close()


@pytest.fixture(scope="session")
def one(base) -> Settled:
    """One employer linked and settled."""
    return settled(base, EMPLOYERS[:1])


@pytest.fixture(scope="session")
def four(base, one) -> Settled:
    """All of them linked and settled."""
    return settled(base, EMPLOYERS[1:], one)
