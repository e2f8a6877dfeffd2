"""A small world of two employers, and an office of people and clients that work with PerfectQuote's sandbox of it."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from syncd.sandbox.clock import Clock
from syncd.sandbox.seed.model import SeedGroup, SeedPlan, World

SIDE = "perfectquote"
NOON = "2026-11-20T12:00:00.000Z"
GROUP, OTHER = "grp_mill", "grp_lake"
MEDICAL, DENTAL, LIFE = "pln_medical", "pln_dental", "pln_life"
CARRIER = f"car_{hashlib.blake2b(b'Acme Health', digest_size=5).hexdigest()}"


def seed_plan(key: str, line: str, stage: str = "explorer", **fields: str) -> SeedPlan:
    """Make a plan of the world; `rates_ee="500.00"` is a path of the only rate set."""
    texts = {"details.name": key.title(), "details.line": line, "details.effective_date": "2026-01-01"}
    texts |= {path.replace("__", "."): text for path, text in fields.items()}
    return SeedPlan(
        key=key,
        line=line,
        sides=frozenset({SIDE}),
        ids={SIDE: f"pln_{key}"},
        fields=texts,
        sources=(),
        year=2026,
        facts={SIDE: {"stage": stage}},
    )


def seed_group(key: str, *plans: SeedPlan) -> SeedGroup:
    """Make an employer of the world."""
    return SeedGroup(
        key=key,
        name=key.title(),
        number=f"N-{key}",
        state="MI",
        sides=frozenset({SIDE}),
        ids={SIDE: f"grp_{key}"},
        fields={"details.name": f"{key.title()} Works", "details.address.state": "MI", "details.status": "active"},
        plans=plans,
    )


RATES = {
    f"rates[2026-01-01].{cell}": text
    for cell, text in {"frequency": "monthly", "share": "total", "basis": "composite"}.items()
} | {"rates[2026-01-01].ee": "500.00", "rates[2026-01-01].ef": "1500.00"}

WORLD = World(
    (
        seed_group(
            "mill",
            seed_plan("medical", "medical", **RATES, **{"details.carrier": "Acme Health"}),
            seed_plan("dental", "dental", **{"details.carrier": "Bright Dental"}),
            seed_plan("life", "basic_life", stage="confirmed", **{"details.carrier": "Acme Health"}),
        ),
        seed_group("lake", seed_plan("vision", "vision", stage="presentation")),
    )
)


class Office:
    """A client with a token, and the back door."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, served: Any) -> None:
        self.client, self.clock, self.served = client, clock, served
        self.vendor = served.vendor
        self.clients = self.vendor.ready("http://sandbox")
        self.token = ""

    async def login(self, of: str = "sync", scope: str | None = None) -> str:
        """Ask for a token as `sync`, `reviewer` or `disabled`, and use it from now on."""
        who = self.clients if of == "sync" else self.clients[of]
        form = {
            "grant_type": "client_credentials",
            "client_id": who["client_id"],
            "client_secret": who["client_secret"],
        }
        answer = await self.client.post("/v1/oauth/token", data=form | ({"scope": scope} if scope else {}))
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        return self.token

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask; `If_Match="1"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}"} | named
        return await self.client.request(method, f"/v1{path}", json=body, headers=sent)

    async def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for what must be granted; give the body."""
        answer = await self(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Ask for what must be refused; give the status and the code."""
        answer = await self(method, path, body, **headers)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]

    async def door(self, method: str, path: str, body: Any = None) -> Any:
        """Use the back door."""
        answer = await self.client.request(method, f"/__sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fault(self, kind: str, **how: Any) -> None:
        """Arm a fault."""
        await self.door("POST", "faults", {"kind": kind, **how})

    async def edit(self, kind: str, record_id: str | None, **fields: Any) -> Any:
        """Edit as Dana."""
        return await self.door("POST", "edit", {"kind": kind, "id": record_id, "as": "dana", "set": fields})


def plan_body(**fields: Any) -> dict[str, Any]:
    """Give a plan that is valid but for what is asked."""
    return {"plan_type": "medical", "name": "Gold", "carrier_id": CARRIER, "effective_date": "2027-01-01", **fields}


def rate_set(**fields: Any) -> dict[str, Any]:
    """Give a two-tier rate set that is valid but for what is asked."""
    tiers = [{"tier": "employee_only", "rate": "500.00"}, {"tier": "employee_family", "rate": "1500.00"}]
    return {"rate_type": "composite", "effective_date": "2027-01-01", "tiers": tiers, **fields}


def contribution_set(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a contribution set that is valid but for what is asked."""
    common = {"effective_date": "2027-01-01", "perspective": "employer", "basis": "per_tier"}
    return {**common, "entries": list(entries), **fields}
