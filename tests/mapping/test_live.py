"""A mapping against the live schema of its system: a table of what systems say they have."""

from __future__ import annotations

import pytest

from syncd.connectors.perfectquote.schema import GROUP, PLAN
from syncd.mapping.codecs import CODECS
from syncd.mapping.compile import compile_mapping
from syncd.mapping.live import TYPES, against
from syncd.mapping.load import load_mapping

MAPPING = """
system: acme
kinds:
  plan:
    part: record
    rows:
      details.name: {field: title, codec: text}
      details.effective_date: {field: dates.start, codec: date}
      details.carrier: {fields: [carrier, company], winner: carrier, codec: text}
      details.network: {field: network, codec: text, missing: not_carried}
    sets:
      - section: benefits
        list: benefits
        key: {}
        cells:
          primary_care.in_network: {field: "fields[code=pcp].in", codec: cost_share}
      - section: rates
        part: rate
        list: sets
        key: {effective: {field: starts, codec: date}}
        table:
          list: tiers
          tier: {field: tier, codec: tier, labels: {ee: EE}}
          values: {"": {field: amount, codec: money}}
"""
RECORD = {
    "title": "text",
    "dates": "object",
    "dates.start": "date",
    "carrier": "text",
    "network": "text",
    "benefits.fields[code=pcp].in": "text",
    "benefits.fields[code=er].in": "text",
}
RATE = {
    "sets": "list",
    "sets.starts": "date",
    "sets.tiers": "list",
    "sets.tiers.tier": "text",
    "sets.tiers.amount": "number",
}


def but(schema: dict[str, str], **said: str | None) -> dict[str, str]:
    """Change a schema: None takes a path out; `__` stands for a dot."""
    changed = schema | {path.replace("__", "."): kind for path, kind in said.items()}
    return {path: kind for path, kind in changed.items() if kind is not None}


@pytest.mark.parametrize(
    ("why", "schema", "told"),
    [
        ("everything fits", {"record": RECORD, "rate": RATE}, []),
        ("a system that tells nothing fits", {}, []),
        (
            "a field that is gone",
            {"record": but(RECORD, title=None), "rate": RATE},
            ["missing: details.name: there is no title"],
        ),
        (
            "a field that was renamed is told with the name that nothing maps",
            {"record": but(RECORD, title=None, titles="text"), "rate": RATE},
            ["renamed: details.name: there is no title; did titles take its place?"],
        ),
        (
            "a name that another row maps took nobody's place",
            {"record": but(RECORD, carrier=None, company="text"), "rate": RATE},
            [],
        ),
        (
            "of two fields that mean the same one is enough; of none both are named",
            {"record": but(RECORD, carrier=None), "rate": RATE},
            ["missing: details.carrier: there is no carrier or company"],
        ),
        (
            "a step on the way was renamed",
            {"record": but(RECORD, dates=None, dates__start=None, date__start="date"), "rate": RATE},
            ["renamed: details.effective_date: there is no dates.start; did date take its place?"],
        ),
        (
            "a field of another type",
            {"record": but(RECORD, dates__start="boolean"), "rate": RATE},
            ["retyped: details.effective_date: dates.start is boolean there, which the codec date does not read"],
        ),
        ("an unknown type is read", {"record": but(RECORD, dates__start=""), "rate": RATE}, []),
        (
            "an element of a list is named by its selector",
            {"record": {k.replace("code=pcp", "code=pc"): v for k, v in RECORD.items()}, "rate": RATE},
            [
                "renamed: benefits.primary_care.in_network: there is no benefits.fields[code=pcp].in"
                + "; did benefits.fields[code=pc] take its place?"
            ],
        ),
        (
            "a selector with a star stands for all that begin so",
            {"record": {k.replace("code=pcp", "code=pc*"): v for k, v in RECORD.items()}, "rate": RATE},
            [],
        ),
        (
            "and for no others",
            {"record": {k.replace("code=pcp", "code=x_*"): v for k, v in RECORD.items()}, "rate": RATE},
            ["missing: benefits.primary_care.in_network: there is no benefits.fields[code=pcp].in"],
        ),
        (
            "an object of which only the inside is told is there",
            {"record": but(RECORD, title=None, title__long="text"), "rate": RATE},
            [],
        ),
        (
            "a name that is no vendor path is a name all the same",
            {"record": but(RECORD, title=None) | {"title[": "text"}, "rate": RATE},
            ['renamed: details.name: there is no title; did "title[" take its place?'],
        ),
        (
            "a list whose elements are not told may hold any",
            {"record": {k: v for k, v in RECORD.items() if "fields" not in k} | {"benefits": "list"}, "rate": RATE},
            [],
        ),
        (
            "cells of tables are looked for inside their lists",
            {"record": RECORD, "rate": but(RATE, sets__tiers__amount=None)},
            ["missing: rates[].<tier>: there is no sets.tiers.amount"],
        ),
        (
            "and so are the names of the cells",
            {"record": RECORD, "rate": but(RATE, sets__tiers__tier="boolean")},
            [
                "retyped: rates[].<tier> (its name): sets.tiers.tier is boolean there,"
                + " which the codec tier does not read"
            ],
        ),
        (
            "a part that the system does not have is told once",
            {"record": RECORD},
            ["no part: rates[].effective_date: the system has no part rate"],
        ),
    ],
)
def test_what_does_not_fit(why, schema, told):
    lens = compile_mapping(MAPPING, "acme.yaml").lens("plan")
    assert [f"{one.what}: {one}" for one in against(lens, schema)] == told, why


def test_a_row_that_says_that_its_field_may_be_absent_is_optional():
    lens = compile_mapping(MAPPING, "acme.yaml").lens("plan")
    [one] = against(lens, {"record": but(RECORD, network=None), "rate": RATE})
    assert (one.path, one.optional) == ("details.network", True)


def test_every_codec_says_what_it_reads():
    assert TYPES.keys() == CODECS.keys()


def test_the_shipped_mapping_fits_the_contract_of_perfectquote():
    """Benefits are named by the live catalogue, so they are left out here."""
    mapping = load_mapping("perfectquote")
    assert against(mapping.lens("group"), {"group": GROUP}) == []
    found = against(mapping.lens("plan"), {"plan": PLAN})
    assert [str(one) for one in found if not one.path.startswith("benefits")] == []
