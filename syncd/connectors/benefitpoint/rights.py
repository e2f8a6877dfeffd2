"""What this user may see and do, asked once and remembered: modules, roles, permissions, offices.

BenefitPoint leaves out what a user may not see without a word, and an update replaces the whole object. So an update
by a user from whom commission data is hidden would blank it: such writes are refused before they are sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from syncd.connectors.base import Access
from syncd.connectors.benefitpoint.accounts import Accounts
from syncd.connectors.benefitpoint.client import Client
from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.soap import NotAuthorizedError, check_result
from syncd.connectors.benefitpoint.structures import Structures
from syncd.errors import RefusedError

MODULES: Final = {
    "account": "checkAccountModuleAccess",
    "product": "checkProductModuleAccess",
    "activity log": "checkActivityLogModuleAccess",
    "user": "checkUserModuleAccess",
    "contact": "checkContactModuleAccess",
    "revenue tracking": "checkRevenueTrackingModuleAccess",
}
SECTIONS: Final = ("details", "benefits", "rates", "contributions", "eligibility")
COMMISSION_HIDDEN: Final = (
    "BenefitPoint hides commission data from this user (no revenue-tracking role), and an update would blank it there"
)
_FINANCIAL = "view financial info"


@dataclass(frozen=True, slots=True)
class Rights:
    """`denied`: module -> what BenefitPoint said; `known`: the user's own record was found; `financial`: None where it
    lists no permissions."""

    denied: Mapping[str, str]
    known: bool
    revenue: bool
    financial: bool | None
    offices: tuple[str, ...]
    seen: tuple[str, ...]
    """Offices in which accounts are visible: accounts of other offices are missing from every list without a word."""
    all_offices: bool


class RightsDesk:
    """Asks for the rights of the user, and again after a few minutes."""

    def __init__(
        self, client: Client, structures: Structures, accounts: Accounts, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._structures, self._accounts, self._clock = client, structures, accounts, clock
        self._held: tuple[float, Rights] | None = None

    async def rights(self, *, fresh: bool = False) -> Rights:
        """Give the rights."""
        if self._held is None or fresh or self._clock() - self._held[0] >= self._client.settings.rights_age_s:
            self._held = (self._clock(), await self._ask())
        return self._held[1]

    async def access(self) -> Access:
        """Say what the engine has to know."""
        rights = await self.rights()
        settings = self._client.settings
        closed = (
            dict.fromkeys(SECTIONS, f"BenefitPoint: {rights.denied['product']}") if "product" in rights.denied else {}
        )
        unwritable = dict(closed)
        if self.hides_commission(rights):
            unwritable.setdefault("details", COMMISSION_HIDDEN)
        seen = "\0".join((settings.base_url, settings.username, *rights.seen))
        return Access(
            fingerprint=blake2b(seen.encode(), digest_size=8).hexdigest(),
            unreadable=closed,
            unwritable=unwritable,
            create="product" not in rights.denied,
            update=True,
            end=True,
            conditional=False,
            marker=settings.marker != "none",
            by_group=True,
        )

    def hides_commission(self, rights: Rights) -> bool:
        """Tell whether an update of a product would blank what this user does not see."""
        return not rights.revenue and not self._client.settings.write_without_commission_rights

    async def refuse_hidden(self) -> None:
        """Raise RefusedError when a product must not be written back by this user."""
        if self.hides_commission(await self.rights()):
            raise RefusedError(
                COMMISSION_HIDDEN,
                field="commissionInfo",
                hint="Give the web-service user a revenue-tracking role, or say `write_without_commission_rights`.",
            )

    async def _ask(self) -> Rights:
        denied: dict[str, str] = {}
        for module, operation in MODULES.items():
            why = await self._denied(operation)
            if why is not None:
                denied[module] = why
        me = await self._me()
        roles = [role for role in me.get("roles", []) if role.get("active") is not False]
        areas = [role["accessArea"] for role in roles if "accessArea" in role]
        offices = sorted(str(one.get("officeName", "")) for one in (await self._structures.offices()).values())
        return Rights(
            denied=denied,
            known=bool(me),
            revenue="revenue tracking" not in denied,
            financial=_has(roles, _FINANCIAL),
            offices=tuple(offices),
            seen=tuple(sorted(await self._accounts.offices())) if "account" not in denied else (),
            all_offices=any(area.get("accessLevel") == "All" for area in areas),
        )

    async def _denied(self, operation: str) -> str | None:
        try:
            check_result(operation, (await self._client.call(operation)).get("result"), "read")
        except (RefusedError, NotAuthorizedError) as error:
            return error.message.removeprefix(f"{operation}: ")
        return None

    async def _me(self) -> Data:
        """Find the record of our own user; a user who may not look at users is not known."""
        name = self._client.settings.username
        try:
            found = (await self._client.call("findUsers", criteria={"usernameMatch": name})).get("summaries", [])
        except RefusedError:
            return {}
        return next((one for one in found if str(one.get("username", "")).casefold() == name.casefold()), {})


def _has(roles: list[Any], permission: str) -> bool | None:
    """Tell whether a role grants a permission; None: the roles list none."""
    listed = [right for role in roles for right in role.get("permissions", [])]
    granted = (right for right in listed if right.get("hasPermission") is True)
    named = any(str(right.get("description", "")).strip().lower() == permission for right in granted)
    return named if listed else None
