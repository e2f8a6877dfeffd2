"""Property 22: the lens laws, for every kind of vendor that the format serves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.mapping.laws import breaches
from syncd.mapping.load import load_mapping
from tests.mapping.worlds import DATA, VENDORS

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def disturbed(data, draw):
    """Replace something somewhere in a payload by any JSON at all."""
    if not isinstance(data, dict | list) or not data or draw(st.integers(0, 3)) == 0:
        return draw(json)
    at = draw(st.sampled_from(sorted(data) if isinstance(data, dict) else range(len(data))))
    twin = data.copy()
    twin[at] = disturbed(data[at], draw)
    return twin


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_p22_no_payload_breaks_reading(vendor, data):
    """Whatever a vendor sends is read, and what was read is not rewritten."""
    lens = load_mapping(DATA / f"{vendor}.yaml").lens("plan")
    record = data.draw(VENDORS[vendor])
    at = data.draw(st.sampled_from(range(len(record.parts))))
    odd = disturbed(dict(record.parts[at].data), data.draw)
    parts = [
        replace(part, data=odd) if number == at and isinstance(odd, dict) else part
        for number, part in enumerate(record.parts)
    ]
    record = replace(record, parts=tuple(parts))
    putting = lens.put(record, lens.get(record))
    assert (putting.parts, putting.losses) == ((), {})


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_p22_lens_laws(vendor, data):
    lens = load_mapping(DATA / f"{vendor}.yaml").lens("plan")
    record, other = data.draw(VENDORS[vendor]), data.draw(VENDORS[vendor])
    assert list(breaches(lens, record, [lens.get(other)])) == []
