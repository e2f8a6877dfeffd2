"""A seeded employer as an account of the brokerage, with its classes, team and one contact."""

from __future__ import annotations

import re
from typing import Final

from syncd.sandbox.benefitpoint import taxonomy as names
from syncd.sandbox.benefitpoint.catalogue import Catalogue
from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.seed.model import SeedGroup, SeedPlan

_STATES: Final = (
    "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,"
    "DC District_of_Columbia,FL Florida,GA Georgia,GU Guam,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,"
    "KS Kansas,KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,"
    "MS Mississippi,MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New_Hampshire,NJ New_Jersey,NM New_Mexico,"
    "NY New_York,NC North_Carolina,ND North_Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,PR Puerto_Rico,"
    "RI Rhode_Island,SC South_Carolina,SD South_Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,"
    "VI Virgin_Islands,WA Washington,WV West_Virginia,WI Wisconsin,WY Wyoming"
)
STATES: Final = dict(pair.split(" ") for pair in _STATES.split(","))
_MARKETS: Final = {"small_group": "Small", "large_group": "Large"}
_TEAM: Final = (*("administratorUserID", "primaryContactUserID", "primarySalesLeadUserID", "primaryServiceLeadUserID"),)
_OPEN: Final = {"prospect", "pending"}
_CLOSED: Final = {"terminated", "inactive"}
_FULL_TIME_HOURS: Final = 30


def account(group: SeedGroup, tenant: Catalogue) -> Record:
    """Make the account; where the seed says so, it names no leads, which its plans need all the same."""
    texts = group.texts("benefitpoint")
    number = int(group.ids["benefitpoint"])
    office = list(tenant.offices)[number % len(tenant.offices)]
    users = tenant.user_ids
    record: Record = {
        "accountID": number,
        "active": texts.get("details.status") not in _CLOSED,
        "accountClassification": "Group",
        "accountType": "Prospect" if texts.get("details.status") in _OPEN else "Client",
        "officeID": office,
        "departmentID": names.DEPARTMENT,
        "administratorUserID": users["admin"],
        "primaryContactUserID": users["contact"],
        "mainAddress": _address(texts),
        "notes": texts.get("details.notes"),
        "groupAccountInfo": _info(group, texts, number),
        "excludedPurge": False,
        "_key": group.key,
    }
    if group.facts.get("benefitpoint", {}).get("leads") != "missing":
        turn = number % 2 + 1
        record["primarySalesLeadUserID"] = users[f"sales{turn}"]
        record["primaryServiceLeadUserID"] = users[f"service{turn}"]
    role = tenant.roles[0]["roleID"]
    record["_team"] = [{"userID": record[name], "brokerClientRoleID": role} for name in _TEAM if name in record]
    return record


def leads(record: Record, tenant: Catalogue) -> tuple[int, int]:
    """Give the sales and service lead for an account's plans: its own, else the first of each."""
    users = tenant.user_ids
    sales = record.get("primarySalesLeadUserID") or users["sales1"]
    return sales, record.get("primaryServiceLeadUserID") or users["service1"]


def _address(texts: dict[str, str]) -> Record | None:
    parts = {
        "street1": texts.get("details.address.line1"),
        "street2": texts.get("details.address.line2"),
        "city": texts.get("details.address.city"),
        "state": STATES.get(texts.get("details.address.state", "")),
        "zip": texts.get("details.address.zip"),
    }
    return {**parts, "country": "United_States"} if any(parts.values()) else None


def _info(group: SeedGroup, texts: dict[str, str], number: int) -> Record:
    last4 = texts.get("details.tax_id_last4")
    full_time = texts.get("details.full_time_count")
    return {
        "accountName": texts["details.name"],
        "DBA": texts.get("details.dba"),
        "numberOfFTEs": int(full_time) if full_time else None,
        "marketSize": _MARKETS.get(texts.get("details.market", "")),
        "businessType": "Other",
        "SICCode": texts.get("details.sic_code"),
        "NAICSCode": texts.get("details.naics_code"),
        "commonGroupAccountInfo": {
            "taxpayerID": f"00-000{last4}" if last4 else None,
            "website": texts.get("details.website"),
            "brokerageAccountInfo": {"accountNumber": group.number},
        },
        "accountClasses": [
            {"classID": number % 1_000_000 * 10 + place, "name": name} for place, name in enumerate(_classes(group), 1)
        ],
        "employeeTypes": [
            {
                "employeeTypeID": number % 1_000_000 * 10 + place,
                "status": "Full_Time" if int(hours) >= _FULL_TIME_HOURS else "Part_Time",
                "type": "Regular",
                "value": int(hours),
                "unitOfMeasure": "Hours",
                "frequency": "per_Week",
            }
            for place, hours in enumerate(_hours(group), 1)
        ],
    }


def classes_of(plan: SeedPlan) -> list[str]:
    """Give the classes of employees that a plan speaks of, by its sets and by its eligibility."""
    texts = plan.texts("benefitpoint")
    found = [name for path in texts for name in re.findall(r"^(?:rates|contributions)\[([^\];]+);", path)]
    stated = [part.strip() for part in texts.get("eligibility.classes", "").split(";") if part.strip()]
    return list(dict.fromkeys((*found, *stated)))


def _classes(group: SeedGroup) -> list[str]:
    return list(dict.fromkeys(name for plan in group.plans_on("benefitpoint") for name in classes_of(plan)))


def _hours(group: SeedGroup) -> list[str]:
    stated = (plan.texts("benefitpoint").get("eligibility.hours") for plan in group.plans_on("benefitpoint"))
    return list(dict.fromkeys(hours for hours in stated if hours and hours.isdigit()))


def contact(group: SeedGroup) -> Record:
    """Make the account's contact: a made-up person at a name that cannot exist."""
    return {
        "contact": {
            "contactID": None,
            "firstName": "Pat",
            "lastName": "Example",
            "email": f"benefits@{group.key.replace('_', '-')}.test",
            "phones": [{"areaCode": "555", "number": "0100", "type": "Work"}],
        },
        "accountID": int(group.ids["benefitpoint"]),
        "title": "Benefits manager",
        "primary": True,
        "responsibilities": ["Benefits_Decision_Maker"],
    }
