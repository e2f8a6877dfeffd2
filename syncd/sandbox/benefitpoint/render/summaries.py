"""A seeded plan's benefits as summaries: one per variant, and one without values for a plan that states none."""

from __future__ import annotations

import re
from typing import Final

from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.seed.model import SeedPlan

_PATH: Final = re.compile(r"benefits(?:\[([^\]]*)\])?\.(.+)")
_DOLLARS: Final = re.compile(r"\$ ?(\d[\d,]*(?:\.\d+)?)( after deductible)?")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?) ?%( after deductible)?")
_TIME: Final = re.compile(r"(\d+) (days|weeks|months|years|visits)")
_MONEY: Final = frozenset({"benefit_minimum", "benefit_maximum", "guaranteed_issue"})
_WORDS: Final = {"note": "ancillaryText", "limit": "exclusionsLimitations", "frequency": "ancillaryText"}


def summaries(plan: SeedPlan, product: Record, tenant: Catalogue) -> list[Record]:
    """Make a plan's summaries; every plan has at least one."""
    texts = plan.texts("benefitpoint")
    benefits: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        if match := _PATH.fullmatch(path):
            benefits.setdefault(match[1] or "", {})[match[2]] = text
    kind = product["productTypeID"]
    if "details.network" in texts and "network" in tenant.attribute_ids(kind):
        benefits.setdefault("", {})["network"] = texts["details.network"]
    return [
        {
            "benefitSummaryID": None,
            "productID": product["productID"],
            "description": held.pop("description", None) or variant or f"{product['name']} summary",
            "viewLevelID": list(tenant.view_levels)[1],
            "attributeValues": _values(kind, held, tenant) or _incomplete(kind, tenant),
        }
        for variant, held in (benefits or {"": {}}).items()
    ]


def _values(kind: int, held: dict[str, str], tenant: Catalogue) -> list[Record]:
    attributes, columns = tenant.attribute_ids(kind), tenant.columns(kind)
    first = next(iter(columns))
    found: dict[int, dict[str, Record]] = {}
    for path, text in held.items():
        stem, _, network = path.rpartition(".")
        if path in attributes:
            found.setdefault(attributes[path], {}).setdefault(first, {}).update(_detail(path, text))
        elif stem in attributes and network in columns:
            found.setdefault(attributes[stem], {}).setdefault(network, {}).update(_detail(stem, text))
        elif stem in attributes and network in _WORDS:
            detail, where = found.setdefault(attributes[stem], {}).setdefault(first, {}), _WORDS[network]
            detail[where] = "; ".join(part for part in (detail.get(where), text) if part)
        else:
            raise LookupError(f"no attribute of {tenant.types[kind].long} for benefits.{path}")
    return [
        {
            "attributeID": number,
            "attributeVisibility": "Show_Attribute",
            "rider": False,
            "attributeValueDetails": [
                {**details[network], "benefitColumnID": column}
                for network, column in columns.items()
                if network in details
            ],
        }
        for number, details in sorted(found.items())
    ]


def _detail(stem: str, text: str) -> Record:
    """Part value and unit where the text is an amount, a percentage or a time; everything else stays text."""
    if stem == "benefit_percent":
        return {"UOM": "percent", "value": text.removesuffix("%").strip()}
    if stem in _MONEY and re.fullmatch(r"[\d.]+", text):
        return {"UOM": "dollars", "value": text}
    for unit, pattern in (("dollars", _DOLLARS), ("percent", _PERCENT)):
        if match := pattern.fullmatch(text):
            after = {"ancillaryText": match[2].strip()} if match[2] else {}
            return {"UOM": unit, "value": match[1].replace(",", ""), **after}
    if match := _TIME.fullmatch(text):
        return {"UOM": match[2], "value": match[1]}
    return {"UOM": "text", "value": {"true": "Yes", "false": "No"}.get(text, text)}


def _incomplete(kind: int, tenant: Catalogue) -> list[Record]:
    column = next(iter(tenant.columns(kind).values()))
    return [
        {
            "attributeID": number,
            "attributeVisibility": "Hide___Incomplete",
            "rider": False,
            "attributeValueDetails": [{"benefitColumnID": column}],
        }
        for number in tenant.all_attributes(kind)
    ]
