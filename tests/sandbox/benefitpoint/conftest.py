"""A small world of two employers, BenefitPoint's sandbox of it without a socket, and envelopes written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from lxml import etree

from syncd.sandbox.clock import Clock
from syncd.sandbox.seed.model import SeedGroup, SeedPlan, World
from syncd.sandbox.server import Served, assemble

SIDE = "benefitpoint"
NOON = "2026-11-20T12:00:00.000Z"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
LOGIN = "http://ws.benefitpoint.com/aptusconnect/login/v2"
V4 = "http://ws.benefitpoint.com/aptusconnect/broker/v4"
V4_3 = "http://ws.benefitpoint.com/aptusconnect/broker/v4_3"
GONE = "You are not authorized to access the requested information."

HARBOR, ORCHARD = 700101, 700102
PPO_25, PPO_26, DENTAL, LIFE, STD, COBRA, QUOTED = 880025, 880026, 880030, 880040, 880050, 880090, 777001
BARE, ORCHARD_VISION = 880060, 880070
FULL, PART = "Full time", "Part time"


def _set(section: str, key: str, **cells: str) -> dict[str, str]:
    return {f"{section}[{key}].{name}": text for name, text in cells.items()}


_MONTHLY = {"frequency": "monthly", "share": "total", "basis": "composite"}


def seed_plan(key: str, number: int, line: str, texts: dict[str, str], **more: Any) -> SeedPlan:
    """Make a plan of the world under a known id."""
    fields = {"details.name": key.title(), "details.line": line, "details.effective_date": "2026-01-01", **texts}
    return SeedPlan(
        key=key,
        line=line,
        sides=frozenset({SIDE}),
        ids={SIDE: str(number)},
        fields=fields,
        **{"sources": (), "year": 2026, **more},
    )


def seed_group(key: str, number: int, *plans: SeedPlan, **more: Any) -> SeedGroup:
    """Make an employer of the world under a known id."""
    return SeedGroup(
        key=key,
        name=key.title(),
        number=f"N-{key}",
        state="VA",
        sides=frozenset({SIDE}),
        **{"ids": {SIDE: str(number)}, "plans": plans, **more},
        fields={"details.name": f"{key.title()} Works", "details.address.state": "VA", "details.status": "active"},
    )


PPO = {
    "details.name": "PPO 1500",
    "details.plan_type": "ppo",
    "details.carrier": "Acme Health",
    "details.expiration_date": "2026-12-31",
    "details.carrier_plan_code": "AC-15",
    "benefits.deductible.individual.in_network": "$1,500",
    "benefits.deductible.individual.out_of_network": "$3,000",
    "benefits.primary_care.in_network": "$25 Copayment",
    "benefits.coinsurance.in_network": "80% after deductible",
    "benefits[Silver 94].deductible.individual.in_network": "$250",
    **_set("rates", f"{FULL};2026-01-01", **_MONTHLY, expiration_date="2026-06-30", ee="612.40", ef="1837.20"),
    **_set("rates", f"{FULL};2026-07-01", **_MONTHLY, ee="640.10", ef="1900.00"),
    **_set("rates", f"{PART};2026-01-01", **_MONTHLY, ee="700.00", ef="2100.00"),
    **_set(
        "contributions", f"{FULL};2026-01-01", frequency="biweekly_26", share="employer", ee="200.00", ef_percent="40"
    ),
    **_set("contributions", f"{PART};2026-01-01", frequency="monthly", share="employee", ee="90.00", ef="300.00"),
    "eligibility.hours": "30",
    "eligibility.waiting_period": "first_of_month_after",
    "eligibility.waiting_days": "30",
    "eligibility.coverage_end": "end_of_month",
    "eligibility.dependent_age": "26",
}
_BANDS = {f"age_{age}_{age + 4}": f"0.{age}" for age in range(20, 60, 5)}
LIFE_FIELDS = {
    "details.carrier": "Acme Life",
    "benefits.benefit_amount": "1 x salary",
    "benefits.guaranteed_issue": "50000",
    **_set(
        *("rates", "2026-01-01"),
        frequency="monthly",
        share="total",
        basis="age",
        unit_basis="per_1000_volume",
        **{"age_0_19": "0.04", **_BANDS, "age_60_plus": "1.20"},
    ),
}
WORLD = World(
    (
        seed_group(
            *("harbor", HARBOR),
            seed_plan(
                *("ppo25", PPO_25, "medical"),
                {**PPO, "details.effective_date": "2025-01-01", "details.expiration_date": "2025-12-31"},
            ),
            seed_plan("ppo26", PPO_26, "medical", PPO, prior="ppo25"),
            seed_plan(
                *("dental", DENTAL, "dental"),
                {
                    "details.plan_type": "dppo",
                    "details.carrier": "Bright Dental",
                    "benefits.dental_basic.in_network": "80%",
                    "benefits.annual_max.individual.combined": "$1,500",
                    **_set("rates", "2026-01-01", **_MONTHLY, ee="30.00", e1="60.00", ef="90.00"),
                },
            ),
            seed_plan(
                *("dental_quote", QUOTED, "dental"),
                {
                    "details.carrier": "Other Dental",
                    **_set("rates", "2026-01-01", **_MONTHLY, ee="29.00", e1="58.00", ef="88.00"),
                },
                tags=frozenset({"marketing_response"}),
                facts={SIDE: {"response_to": "dental"}},
            ),
            seed_plan("life", LIFE, "voluntary_life", LIFE_FIELDS),
            seed_plan(
                *("std", STD, "std"),
                {
                    "benefits.benefit_percent": "60",
                    "benefits.elimination_period": "14 days",
                    **_set(
                        *("rates", "2026-01-01"),
                        frequency="monthly",
                        share="total",
                        basis="unit",
                        unit="0.28",
                        unit_basis="per_10_weekly_benefit",
                    ),
                },
            ),
            seed_plan(
                *("cobra", COBRA, "other"),
                {"details.other_type": "COBRA administration"},
                tags=frozenset({"additional_product"}),
            ),
            seed_plan("bare", BARE, "medical", {"details.carrier": "Acme Health"}),
        ),
        seed_group(
            *("orchard", ORCHARD),
            seed_plan("vision", ORCHARD_VISION, "vision", {"details.carrier": "Clear Vision"}),
            facts={SIDE: {"leads": "missing"}},
        ),
    )
)


def envelope(namespace: str, call: str, inner: str = "", session: str | None = None) -> str:
    """Write a request the way the contract says: wrapper qualified, children not, the id in the header."""
    header = f"<b:SessionIdHeader><sessionId>{session}</sessionId></b:SessionIdHeader>" if session else ""
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP}" xmlns:b="{namespace}"><s:Header>{header}</s:Header>'
        f"<s:Body><b:{call}>{inner}</b:{call}></s:Body></s:Envelope>"
    )


def xml(name: str, value: Any) -> str:
    """Write a record as unqualified elements: dictionaries in their order, lists as repeated elements."""
    if isinstance(value, list):
        return "".join(xml(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml(key, item) for key, item in value.items())}</{name}>"
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return f"<{name}>{text.replace('&', '&amp;').replace('<', '&lt;')}</{name}>"


def tree(element: etree._Element) -> Any:
    """Read an answer: elements without children are text, repeated ones are lists."""
    if not len(element):
        return element.text or ""
    record: dict[str, Any] = {}
    for child in element:
        name, value = str(child.tag), tree(child)
        if name in record:
            record[name] = [*record[name], value] if isinstance(record[name], list) else [record[name], value]
        else:
            record[name] = value
    return record


def rows(value: Any) -> list[Any]:
    """Give a list, whether one element came, several, or none."""
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]


class Desk:
    """A web-service user with a session, and the back door."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, served: Served) -> None:
        self.client, self.clock, self.served = client, clock, served
        self.ready = served.vendor.ready("http://sandbox")
        self.session = ""

    async def post(self, service: str, content: str | bytes, **headers: str) -> httpx.Response:
        """Send a message as it is."""
        named = {"Content-Type": "text/xml; charset=utf-8"} | {
            key.replace("_", "-"): text for key, text in headers.items()
        }
        body = content.encode() if isinstance(content, str) else content
        return await self.client.post(f"/aptusConnect/services/{service}", content=body, headers=named)

    async def login(self, password: str | None = None) -> httpx.Response:
        """Log in and keep the session."""
        who = {"username": self.ready["username"], "password": password or self.ready["password"]}
        inner = "".join(xml(key, text) for key, text in who.items())
        answer = await self.post("LoginV2SOAP", envelope(LOGIN, "login", inner))
        if answer.status_code == 200:
            self.session = etree.fromstring(answer.content).findtext(".//sessionID") or ""
        return answer

    async def login_call(self, call: str, session: str | None = None) -> httpx.Response:
        """Call echo, logout or getCurrentUser."""
        return await self.post("LoginV2SOAP", envelope(LOGIN, call, xml("sessionID", session or self.session)))

    async def send(self, call: str, inner: str = "", *, profile: str = "v4") -> httpx.Response:
        """Call the broker service."""
        service, namespace = {"v4": ("BrokerConnectV4SOAP", V4), "v4_3": ("BrokerConnectV4_3SOAP", V4_3)}[profile]
        return await self.post(service, envelope(namespace, call, inner, self.session))

    async def ok(self, call: str, inner: str = "", **how: str) -> Any:
        """Call what must work; give the response wrapper's content."""
        answer = await self.send(call, inner, **how)
        assert answer.status_code == 200, answer.text
        return tree(etree.fromstring(answer.content)[0][0])

    async def done(self, call: str, inner: str, **how: str) -> int:
        """Write what must be taken; give the id."""
        result = (await self.ok(call, inner, **how))["result"]
        assert result["success"] == "true", result
        return int(result.get("ID", 0))

    async def refused(self, call: str, inner: str, **how: str) -> list[tuple[str, str]]:
        """Write what must be refused with HTTP 200; give codes and messages."""
        result = (await self.ok(call, inner, **how))["result"]
        assert result["success"] == "false", result
        return [(error["errorCode"], error["message"]) for error in rows(result["errors"])]

    async def fault(self, call: str, inner: str = "", **how: str) -> tuple[str, str]:
        """Call what must fail with HTTP 500; give code and text."""
        return fault_of(await self.send(call, inner, **how))

    async def product(self, number: int = PPO_26, **how: str) -> Any:
        """Read a plan."""
        return (await self.ok("getProduct", xml("productID", number), **how))["result"]

    async def products(self, account: int = HARBOR, **criteria: Any) -> list[Any]:
        """Search plans."""
        found = await self.ok("findProducts", xml("criteria", {"accountID": account, **criteria}))
        return rows(found and found["summaries"])

    async def rate_ids(self, product: int = PPO_26) -> list[int]:
        """Search rates of a plan."""
        found = await self.ok("findRates", xml("rateSearchCriteria", {"productID": product}))
        return [int(item["rateID"]) for item in rows(found and found["rates"])]

    async def rate(self, number: int) -> Any:
        """Read a rate."""
        return (await self.ok("getRate", xml("rateID", number)))["rate"]

    async def summary(self, product: int = PPO_26) -> Any:
        """Read the first summary of a plan."""
        criteria = xml("criteria", {"accountID": HARBOR, "productID": product})
        found = rows((await self.ok("findBenefitSummaries", criteria))["summaries"])[0]
        asked = xml("benefitSummaryID", found["benefitSummaryID"])
        return (await self.ok("getBenefitSummary", asked))["benefitSummary"]

    async def changes(self, since: str | None = None, *kinds: str) -> Any:
        """Ask what changed."""
        criteria = ({"sinceLastModifiedOn": since} if since else {}) | (
            {"typesToInclude": list(kinds)} if kinds else {}
        )
        return (await self.ok("findChanges", xml("criteria", criteria)))["changes"]

    # -- back door ----------------------------------------------------------------------------------------------------

    async def door(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Use the back door."""
        answer = await self.client.request(method, f"/__sandbox/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def switch(self, **values: Any) -> None:
        """Set switches; `rights__office` is `rights.office`."""
        await self.door("POST", "switches", {name.replace("__", "."): value for name, value in values.items()})

    async def arm(self, kind: str, **how: Any) -> None:
        """Arm a fault."""
        await self.door("POST", "faults", {"kind": kind, **how})

    async def edit(self, kind: str, number: int | None, changes: dict[str, Any] | None = None, **more: Any) -> Any:
        """Edit as Dana."""
        return await self.door(*("POST", "edit"), {"kind": kind, "id": number, "as": "dana", "set": changes, **more})


def fault_of(answer: httpx.Response) -> tuple[str, str]:
    """Read a SOAP fault."""
    assert answer.status_code == 500, answer.text
    fault = tree(etree.fromstring(answer.content)[0][0])
    return fault["faultcode"], fault["faultstring"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock(NOON, frozen=True)
    served = assemble(SIDE, WORLD, clock, 1)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(served.app), base_url="http://sandbox", trust_env=False
    ) as client:
        made = Desk(client, clock, served)
        await made.login()
        yield made
