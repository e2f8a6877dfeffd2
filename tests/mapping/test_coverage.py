"""What a mapping carries and writes for each line of coverage."""

from __future__ import annotations

import pytest

from syncd.mapping.compile import compile_mapping
from syncd.mapping.coverage import Count, counts, coverage, lines_of
from syncd.mapping.load import load_mapping, mapping_names
from syncd.model.field_table import LINES

MAPPING = """
system: acme
kinds:
  group:
    rows: {details.name: {field: name, codec: text, writable: Clients are named elsewhere.}}
  plan:
    part: record
    rows:
      details.name: {field: title, codec: text}
      details.line:
        field: line
        codec: code
        writable: create
        values: {medical: Med/PPO, dental: Den}
        also: {medical: [Med/*], dental: [Den/*]}
      details.plan_type: {field: type, codec: code, values: {hmo: Med/HMO, dhmo: DHMO}, also: {ppo: [Med/PP*]}}
    sets:
      - section: benefits
        key: {}
        cells:
          primary_care.in_network: {field: pcp, codec: cost_share}
          deductible.individual.in_network: {field: ded, codec: cost_share}
          orthodontia.in_network: {field: ortho, codec: cost_share, writable: Never.}
"""


def test_fields_are_counted_line_by_line():
    medical, dental = coverage(compile_mapping(MAPPING, "acme.yaml"))
    assert (medical.line, dental.line) == ("medical", "dental")
    assert medical.sections["details"] == Count(3, 3)
    assert medical.sections["benefits"] == Count(2, 2)
    assert dental.sections["benefits"] == Count(2, 1)
    assert str(dental.sections["benefits"]) == "1/2"
    assert str(dental.sections["rates"]) == "-"


def test_the_vendors_types_are_named_for_the_line_that_reads_them():
    """A design that no line reads says nothing about a line."""
    medical, dental = coverage(compile_mapping(MAPPING, "acme.yaml"))
    assert medical.types == ("Med/PPO", "Med/*", "Med/HMO", "Med/PP*")
    assert medical.named == ("Med/PPO", "Med/HMO")
    assert dental.types == ("Den", "Den/*")


@pytest.mark.parametrize(
    ("why", "cut"),
    [
        ("it maps no plans", MAPPING.partition("  plan:")[0]),
        ("it maps plans of one unnamed line", MAPPING.partition("      details.line:")[0]),
    ],
)
def test_a_mapping_that_names_no_line_covers_none(why, cut):
    mapping = compile_mapping(cut, "acme.yaml")
    assert coverage(mapping) == [], why
    assert counts(mapping)["group"] == Count(1, 0)


def test_all_fields_are_counted_by_section():
    found = counts(compile_mapping(MAPPING, "acme.yaml"))
    assert found["group"] == Count(1, 0)
    assert found["benefits"] == Count(3, 2)


@pytest.mark.parametrize(
    ("path", "belongs", "not_in"),
    [
        ("benefits.deductible.family.in_network", "vision", "std"),
        ("benefits.rx_generic.in_network", "prescription", "dental"),
        ("benefits.elimination_period", "voluntary_ltd", "medical"),
        ("benefits.occupational_therapy.in_network", "medical", "critical_illness"),
        ("benefits.occupational_hiv.note", "critical_illness", "medical"),
        ("benefits.ad_d_employee.note", "ad_d", "dental"),
        ("benefits.dental_major.in_network", "dental", "medical"),
        ("benefits.anything_else.note", "pet", ""),
    ],
)
def test_a_benefit_belongs_to_the_lines_in_which_it_means_something(path, belongs, not_in):
    assert belongs in lines_of(path)
    assert not_in not in lines_of(path)


@pytest.mark.parametrize("name", mapping_names(None))
def test_every_shipped_mapping_covers_the_lines_that_it_names(name):
    found = coverage(load_mapping(name))
    assert found
    assert {one.line for one in found} <= set(LINES)
    assert all(one.types and one.sections["details"].carried for one in found)


def test_the_broker_crm_names_at_least_24_types_over_all_its_lines():
    found = coverage(load_mapping("benefitpoint"))
    named = {word for one in found for word in one.named}
    assert len(named) >= 24
    assert len({word.partition("/")[0] for one in found for word in one.types}) == 18
