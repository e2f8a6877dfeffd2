"""Property 22: the lens laws, for every kind of vendor that the format serves."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.mapping.laws import breaches
from syncd.mapping.load import load_mapping
from tests.mapping.worlds import DATA, VENDORS


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_p22_lens_laws(vendor, data):
    lens = load_mapping(DATA / f"{vendor}.yaml").lens("plan")
    record, other = data.draw(VENDORS[vendor]), data.draw(VENDORS[vendor])
    assert list(breaches(lens, record, [lens.get(other)])) == []
