"""One tenant's reference data with its ids: types, rate structures, summary structures, carriers, offices.

Takes a tenant number and the carriers of the world; gives records as the calls serve them. Another tenant has the same
names in other places: an id that means PPO here means something else there, as between two real brokerages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.attributes import ATTRIBUTES, NETWORKED
from syncd.sandbox.benefitpoint.codec import Record

_TYPE, _RATE_TYPE, _SCHEDULE, _TYPE_TIER, _CARRIER, _OFFICE, _USER = 110, 210, 41, 3001, 4401, 31, 9001
_COLUMN, _ATTRIBUTE, _SUBJECT = 501, 10_000, 15
_ATTRIBUTES_PER_TYPE: Final = 200
_FUNDINGS: Final = {"Fully_Insured": "fully insured", "Self_Funded": "self funded"}


@dataclass(frozen=True)
class Catalogue:
    """The reference data of one tenant; nothing in it changes."""

    tenant: int
    carrier_names: tuple[str, ...]

    # -- ids ----------------------------------------------------------------------------------------------------------

    def _ids(self, base: int, step: int, keys: Sequence[Any]) -> dict[Any, int]:
        """Give keys numbers in order, begun elsewhere for each tenant: the same ids, other meanings."""
        turn = (self.tenant - 1) * 5
        return {key: base + step * ((index + turn) % len(keys)) for index, key in enumerate(keys)}

    @cached_property
    def type_ids(self) -> dict[str, int]:
        """Product type by our key for it."""
        return self._ids(_TYPE, 10, [row.key for row in names.TYPES])

    @cached_property
    def types(self) -> dict[int, names.TypeRow]:
        """Product type by id."""
        return {self.type_ids[row.key]: row for row in names.TYPES}

    @cached_property
    def rate_type_ids(self) -> dict[tuple[str, str], int]:
        """Rate type by family and funding."""
        pairs = [
            (key, how) for key, row in names.RATES.items() for how in _FUNDINGS if row.self_funded or how[0] == "F"
        ]
        return self._ids(_RATE_TYPE, 1, pairs)

    @cached_property
    def schedule_ids(self) -> dict[str, int]:
        """Tier schedule by its description."""
        return self._ids(_SCHEDULE, 1, list(names.SCHEDULES))

    @cached_property
    def tier_ids(self) -> dict[tuple[str, str], int]:
        """Tier by schedule and our key for the tier: the same tier has another id in each schedule."""
        return {
            (schedule, tier): self.schedule_ids[schedule] * 100 + number
            for schedule, tiers in names.SCHEDULES.items()
            for number, tier in enumerate(tiers, 1)
        }

    @cached_property
    def type_tier_ids(self) -> dict[tuple[int, str], int]:
        """Rate type tier by rate type and schedule."""
        pairs = [(self.rate_type_ids[key], schedule) for key in self.rate_type_ids for schedule in names.SCHEDULES]
        return self._ids(_TYPE_TIER, 1, sorted(pairs))

    @cached_property
    def carrier_ids(self) -> dict[str, int]:
        """Carrier by name, those who only pay commissions included."""
        listed = [*names.TEST_CARRIERS, names.UNNAMED_CARRIER, *self.carrier_names, names.PAID_BY_ONLY]
        return self._ids(_CARRIER, 1, list(dict.fromkeys(listed)))

    @cached_property
    def office_ids(self) -> dict[str, int]:
        """Office by name."""
        return self._ids(_OFFICE, 1, [name for name, _ in names.OFFICES])

    @cached_property
    def user_ids(self) -> dict[str, int]:
        """User by our key for the person."""
        return self._ids(_USER, 1, [row[0] for row in names.USERS])

    # -- product and rate types ---------------------------------------------------------------------------------------

    @cached_property
    def product_types(self) -> list[Record]:
        """What getProductTypes serves."""
        return [
            {
                "productTypeID": number,
                "shortDescription": row.short,
                "longDescription": row.long,
                "lineOfCoverage": row.line,
                "rateTypes": [self._rate_type(key) for key in self.rate_type_ids if key[0] == row.rates],
            }
            for number, row in sorted(self.types.items())
        ]

    @cached_property
    def rate_types(self) -> list[Record]:
        """What getRateTypes serves."""
        return sorted((self._rate_type(key) for key in self.rate_type_ids), key=lambda record: record["rateTypeID"])

    def _rate_type(self, key: tuple[str, str]) -> Record:
        title = f"{names.RATES[key[0]].title} {_FUNDINGS[key[1]]}"
        return {"rateTypeID": self.rate_type_ids[key], "description": title, "fundingType": key[1]}

    def family_of(self, rate_type: int) -> str | None:
        """Give the family of a rate type, None for an id that is not there."""
        return next((key[0] for key, number in self.rate_type_ids.items() if number == rate_type), None)

    def rate_structure(self, rate_type: int) -> Record | None:
        """Give what getRateStructure serves."""
        family = self.family_of(rate_type)
        if family is None:
            return None
        row = names.RATES[family]
        tiered, basis = self.rate_groups(rate_type)
        return {
            "rateTypeID": rate_type,
            "sections": [{"rateSectionID": 1, "description": "Premium", "rateFieldGroups": [tiered, basis]}],
            "rateTypeTiers": [
                {
                    "rateTypeTierID": self.type_tier_ids[rate_type, schedule],
                    "rateTierSchedule": self.schedule(schedule),
                    "ageBandedOption": row.banded if schedule in {"Composite", "EE Only"} else "Not_Allowed",
                }
                for schedule in row.schedules
            ],
        }

    def rate_groups(self, rate_type: int) -> tuple[Record, Record]:
        """Give the two groups of fields: one value per tier, and one choice for the whole rate."""
        family = self.family_of(rate_type) or "fee"
        fields = [
            {
                "rateFieldID": rate_type * 10 + number,
                "label": label,
                "fieldType": "Text_Field",
                "fieldValueType": "Number" if label == "Number of Lives" else "Dollars",
                "tiered": True,
                "calculated": False,
            }
            for number, label in enumerate(names.RATES[family].fields, 1)
        ]
        choices = [
            {"rateOptionValueID": rate_type * 100 + number, "description": text}
            for number, text in enumerate(names.BASES.values(), 1)
        ]
        basis = {
            "rateFieldID": rate_type * 10 + 9,
            "label": "Basis",
            "fieldType": "Select_List",
            "fieldValueType": "Select_Option",
            "optionValues": choices,
            "tiered": False,
            "calculated": False,
        }
        return (
            _group(rate_type * 10, "Monthly rates", "Tiered_Data", fields, None),
            _group(rate_type * 10 + 1, "Rate basis", "Regular", [basis], 1),
        )

    def schedule(self, name: str) -> Record:
        """Give a tier schedule with its tiers."""
        return {
            "rateTierScheduleID": self.schedule_ids[name],
            "description": name,
            "rateTiers": [self.tier(name, tier) for tier in names.SCHEDULES[name]],
        }

    def tier(self, schedule: str, tier: str) -> Record:
        """Give one tier; the dependent ones say that they may include the employee."""
        dependent = True if tier not in {"ee", "composite"} else None
        return {
            "rateTierID": self.tier_ids[schedule, tier],
            "description": names.TIERS[tier],
            "allowIncludeEE": dependent,
        }

    def schedule_of(self, schedule_id: int) -> str | None:
        """Give the name of a schedule."""
        return next((name for name, number in self.schedule_ids.items() if number == schedule_id), None)

    def contribution_structure(self, product_type: int) -> Record | None:
        """Give what getContributionStructure serves: the schedule need not be that of the rate."""
        if product_type not in self.types:
            return None
        return {
            "productTypeID": product_type,
            "contributionTierSchedules": [self.schedule(name) for name in names.SCHEDULES],
        }

    # -- benefit summaries --------------------------------------------------------------------------------------------

    @cached_property
    def view_levels(self) -> dict[int, str]:
        """View level by id."""
        return {number: name for name, number in self._ids(1, 1, names.VIEW_LEVELS).items()}

    def columns(self, product_type: int) -> dict[str, int]:
        """Give the benefit columns of a type: network (empty where there is none) -> id."""
        kinds = names.NETWORKS if self.types[product_type].attributes in NETWORKED else names.NO_NETWORK
        return {network: _COLUMN + product_type // 10 * 10 + number for number, network in enumerate(kinds)}

    def attribute_ids(self, product_type: int) -> dict[str, int]:
        """Give the attributes of a type that have a neutral name: name -> id."""
        return {neutral: number for _, _, neutral, number, _ in self._attributes(product_type) if neutral}

    def all_attributes(self, product_type: int) -> dict[int, str]:
        """Give every attribute of a type: id -> title."""
        return {number: title for _, title, _, number, _ in self._attributes(product_type)}

    def children_of(self, product_type: int, attribute: int) -> list[int]:
        """Give the attributes below one: those that `updateRelatedAttributes` carries a value to (our reading)."""
        return [number for _, _, _, number, parent in self._attributes(product_type) if parent == attribute]

    def _attributes(self, product_type: int) -> Iterator[tuple[int, str, str, int, int | None]]:
        """Give (section number, title, neutral name, id, parent's id)."""
        number = _ATTRIBUTE + (product_type - _TYPE) // 10 * _ATTRIBUTES_PER_TYPE
        for section, (_, rows) in enumerate(ATTRIBUTES[self.types[product_type].attributes], 1):
            above = None
            for title, neutral in rows:
                number += 1
                child = title.startswith("> ")
                yield section, title.removeprefix("> "), neutral, number, above if child else None
                above = above if child else number

    def summary_structure(self, product_type: int) -> Record | None:
        """Give what getBenefitSummaryStructure serves: a tree of sections, one deep below its root."""
        if product_type not in self.types:
            return None
        row = self.types[product_type]
        levels = list(self.view_levels)
        attributes: dict[int, list[Record]] = {}
        for section, title, _, number, parent in self._attributes(product_type):
            record = {"attributeID": number, "name": title, "parentID": parent, "viewLevelID": levels[section > 2]}
            attributes.setdefault(section, []).append(record)
        sections = [
            {
                "attributeSectionID": number * 10,
                "name": title,
                "parentID": 1,
                "viewLevelID": levels[number > 2],
                "attributes": attributes[number],
            }
            for number, (title, _) in enumerate(ATTRIBUTES[row.attributes], 1)
        ]
        titles = {**names.NETWORKS, **names.NO_NETWORK}
        return {
            "planTypeID": product_type,
            "attributeViewLevels": [{"ID": number, "description": name} for number, name in self.view_levels.items()],
            "benefitColumns": [
                {"benefitColumnID": number, "description": titles[network]}
                for network, number in self.columns(product_type).items()
            ],
            "attributeSection": {
                "attributeSectionID": 1,
                "name": f"{row.short} benefits",
                "attributeSections": sections,
            },
        }

    # -- carriers, offices, subjects ----------------------------------------------------------------------------------

    @cached_property
    def carriers(self) -> list[Record]:
        """What getAvailableCarriers serves."""
        return [
            {"carrierID": number, "carrierName": name, "carrierAlias": None}
            for name, number in sorted(self.carrier_ids.items(), key=lambda item: item[1])
            if name != names.PAID_BY_ONLY
        ]

    def carrier_name(self, carrier: int | None) -> str | None:
        """Give the name of a carrier, None for an id that is not there."""
        return next((name for name, number in self.carrier_ids.items() if number == carrier), None)

    @property
    def paid_by(self) -> frozenset[int]:
        """The second list: who may be named as paying the commissions. A placeholder pays nothing."""
        return frozenset(number for name, number in self.carrier_ids.items() if name != names.UNNAMED_CARRIER)

    @cached_property
    def offices(self) -> dict[int, Record]:
        """Office by id."""
        return {
            self.office_ids[name]: {"officeID": self.office_ids[name], "officeName": name, "regionName": region}
            for name, region in names.OFFICES
        }

    @cached_property
    def subjects(self) -> list[Record]:
        """What getActivityLogSubjects serves."""
        return [
            {"subjectID": number, "description": name, "type": "Default"}
            for name, number in self._ids(_SUBJECT, 1, names.SUBJECTS).items()
        ]

    @cached_property
    def roles(self) -> list[Record]:
        """What getAccountTeamRoles serves."""
        return [{"roleID": number, "description": name} for name, number in self._ids(1, 1, names.ROLES).items()]

    @cached_property
    def qualifiers(self) -> list[Record]:
        """What lookupPolicyOriginationReasonQualifiers serves."""
        return [{"ID": number, "value": name} for name, number in self._ids(1, 1, names.QUALIFIERS).items()]

    def custom_fields(self, area: str) -> Record:
        """Give what getCustomFieldStructure serves: the plan area has a free text for a reference of one's own."""
        fields = {
            "Plan_Info": [_custom(812, "External Reference", "Text_Field", "Text", ())],
            "Account_Summary": [_custom(813, "Service Model", "Select_List", "Select_Option", ("Standard", "Premier"))],
        }.get(area, [])
        section = {"label": "Other", "sortOrder": 1, "active": True, "customFields": fields}
        return {"customizationArea": area, "sections": [section] if fields else []}


def _group(number: int, title: str, kind: str, fields: list[Record], most: int | None) -> Record:
    return {
        "rateFieldGroupID": number,
        "description": title,
        "maxValuesAllowed": most,
        "rateFieldGroupType": kind,
        "rateFields": fields,
    }


def _custom(number: int, label: str, kind: str, value: str, options: tuple[str, ...]) -> Record:
    return {
        "customFieldID": number,
        "fieldType": kind,
        "fieldValueType": value,
        "length": 60 if not options else None,
        "optionValues": [
            {"customFieldOptionValueID": number * 10 + place, "description": text, "active": True, "sortOrder": place}
            for place, text in enumerate(options, 1)
        ],
        "label": label,
        "required": False,
        "active": True,
        "sortOrder": 1,
        "PHI": False,
        "sagitta": False,
    }
