"""Seeded benefits: canonical paths and printed cost shares in the catalogue's codes and PerfectQuote's values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from syncd.sandbox.perfectquote.words import CATALOGUE

_PATH = re.compile(r"benefits(?:\[(?P<variant>[^\]]+)\])?\.(?P<name>.+)")
_NETWORKS = {"in_network": ("", "in_network"), "out_of_network": ("", "out_of_network")}
_BESIDE = {"in_network_tier2": "_tier2", "combined": "_combined"}
"""Networks that the contract has no column for: a code of their own."""

_CODES: dict[str, dict[str, str]] = {
    "medical": {
        "deductible.individual": "deductible_individual",
        "deductible.family": "deductible_family",
        "oop_max.individual": "oop_max_individual",
        "oop_max.family": "oop_max_family",
        "drug_deductible.individual": "rx_deductible",
        "primary_care": "pcp_visit",
        "specialist": "specialist_visit",
        "inpatient_facility": "inpatient_hospital",
        "imaging": "advanced_imaging",
        "mental_outpatient": "mental_health_outpatient",
        "rx_generic": "rx_tier1",
        "rx_preferred": "rx_tier2",
        "rx_non_preferred": "rx_tier3",
        "rx_specialty": "rx_tier4",
    },
    "dental": {
        "deductible.individual": "deductible_individual",
        "deductible.family": "deductible_family",
        "annual_max.individual": "annual_max",
        "dental_preventive": "preventive",
        "dental_basic": "basic",
        "dental_major": "major",
    },
    "vision": {
        "vision_exam": "exam",
        "vision_lenses": "lenses",
        "vision_frames": "frames_allowance",
        "vision_contacts": "contacts_elective",
        "vision_exam.frequency": "frequency_exam",
        "vision_lenses.frequency": "frequency_lenses",
        "vision_frames.frequency": "frequency_frames",
    },
    "basic_life": {"benefit_maximum": "max_benefit", "guaranteed_issue": "guarantee_issue"},
    "std": {"benefit_maximum": "max_benefit"},
}
_CODES["voluntary_life"] = _CODES["basic_life"]
_CODES["ltd"] = _CODES["std"]
_PERCENTS = {"benefit_percent"}
_ACCUMULATORS = {"deductible", "oop_max", "annual_max", "lifetime_max", "drug_deductible", "drug_oop_max"}
_MONEY = {"benefit_maximum", "benefit_minimum", "guaranteed_issue"}

_AMOUNT = re.compile(r"\$(?P<amount>[\d,]+(?:\.\d{1,4})?)(?P<copay> cop\w*)?(?P<rest>.*)", re.IGNORECASE)
_PERCENT = re.compile(r"(?P<amount>\d+(?:\.\d{1,4})?)%(?: coinsurance)?(?P<rest>.*)", re.IGNORECASE)
_DEDUCTIBLE = {"": None, " after deductible": True, ", not subject to deductible": False}
_WORDS = {
    "not applicable": "none",
    "none": "none",
    "not covered": "not_covered",
    "unlimited": "unlimited",
}


def benefits(texts: dict[str, str], new_id: Callable[[str], str]) -> dict[str, Any]:
    """Render the benefits block: one variant for each summary."""
    codes = _CODES.get(_plan_type(texts["details.line"]), {})
    variants: dict[str, dict[str, dict[str, Any]]] = {}
    for path, text in texts.items():
        found = _PATH.fullmatch(path)
        if found is None:
            continue
        fields = variants.setdefault(found["variant"] or "", {})
        _put(fields, found["name"], text, codes, texts["details.line"])
    return {
        "variants": [
            {
                "id": new_id("bv"),
                "description": fields.pop("", {}).get("text") or variant or None,
                "fields": [{"in_network": {"kind": "none"}, **one} for one in fields.values()],
            }
            for variant, fields in variants.items()
        ]
    }


def _put(fields: dict[str, dict[str, Any]], name: str, text: str, codes: dict[str, str], line: str) -> None:
    """Put one figure where PerfectQuote keeps it."""
    if name == "description":
        fields[""] = {"text": text}
        return
    stem, _, network = name.rpartition(".")
    suffix, column = "", "in_network"
    if network in _NETWORKS:
        suffix, column = _NETWORKS[network]
    elif network in _BESIDE:
        suffix = _BESIDE[network]
    elif network in ("note", "limit"):
        stem, _, network = stem.rpartition(".") if stem.endswith("_network") else (stem, "", "")
        column = "note"
    else:
        stem = name
    code = codes.get(stem, stem if stem in CATALOGUE[_plan_type(line)] else None) if not suffix else None
    code = code or f"x_{stem.replace('.', '_')}{suffix}"
    label = CATALOGUE[_plan_type(line)].get(code) or stem.replace(".", ", ").replace("_", " ").capitalize()
    field = fields.setdefault(code, {"code": code, "label": label})
    field[column] = text if column == "note" else _value(text, stem)


def _value(text: str, stem: str) -> dict[str, Any]:
    """Read a printed cost share; what is not understood whole stays text."""
    plain = text.strip()
    if plain.lower() in _WORDS:
        kind = _WORDS[plain.lower()]
        return {"kind": kind, "text": plain if kind == "none" else None}
    if stem in _PERCENTS and re.fullmatch(r"\d+(\.\d+)?%?", plain):
        return {"kind": "percent", "amount": plain.removesuffix("%")}
    money = stem in _MONEY or stem.partition(".")[0] in _ACCUMULATORS  # printed without the sign by some agencies
    if money and re.fullmatch(r"\$?[\d,]+(\.\d+)?", plain):
        return {"kind": "money", "amount": plain.removeprefix("$").replace(",", "")}
    for pattern in (_AMOUNT, _PERCENT):
        found = pattern.fullmatch(plain)
        if found is None or found["rest"].lower() not in _DEDUCTIBLE:
            continue
        kind = "percent" if pattern is _PERCENT else "copay" if found["copay"] else "money"
        amount = found["amount"].replace(",", "")
        return {"kind": kind, "amount": amount, "after_deductible": _DEDUCTIBLE[found["rest"].lower()]}
    return {"kind": "text", "text": plain}


def _plan_type(line: str) -> str:
    line = line.removeprefix("voluntary_") if line in ("voluntary_std", "voluntary_ltd") else line
    return line if line in CATALOGUE else "other"
