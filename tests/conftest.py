"""What all tests share: hypothesis without a clock (a slow machine is no wrong answer), and who stays together."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from syncd.redact import SECRETS

# Tests start programs by the dozen, and two workers collect: where the environment forbids bytecode, each of them would
# compile everything anew, which is more than half of what starting costs.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("syncd", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("syncd")


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    """Forget the secrets of the test before: what is one there is a word here."""
    yield
    SECRETS.forget()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a server or a told story on one worker: two workers would start two of them."""
    for item in items:
        found = getattr(item, "_fixtureinfo", None)
        scopes = {one.scope for all_ in found.name2fixturedefs.values() for one in all_} if found else set()
        if "module" in scopes:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
        elif "vendors" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("vendors"))
