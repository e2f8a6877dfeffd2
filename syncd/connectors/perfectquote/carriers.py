"""Carriers by name: a plan holds PerfectQuote's own carrier id, which says nothing in any other system.

Plans are handed over with `carrier`, the name, beside `carrier_id`; a plan that is written names its carrier so. Names
are those of the carrier list, less what the settings say about names that differ elsewhere. The list is read once per
process and again when an id or name is not in it. A plan only ever holds the id of a listed carrier, so a list without
it is not whole: the plan cannot be read now, which is better than one whose carrier seems to have been cleared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeAlias

from syncd.errors import CannotHoldError, TransientError

Pages: TypeAlias = Callable[[], AsyncIterator[tuple[tuple[Any, ...], bool]]]
NAME: Final = "carrier"


class Carriers:
    """The carrier list; `elsewhere` maps the name a carrier has elsewhere to its id here."""

    def __init__(self, system: str, elsewhere: Mapping[str, str], pages: Pages) -> None:
        self._system, self._elsewhere, self._pages = system, elsewhere, pages
        self._names: dict[str, str] = {}

    async def named(self, plan: Any) -> Any:  # noqa: ANN401 - a resource, whatever it is
        """Give a plan with its carrier's name. Raises TransientError where the list does not know the id."""
        if not isinstance(plan, dict) or not plan.get("carrier_id"):
            return plan
        return {**plan, NAME: await self._name_of(str(plan["carrier_id"]))}

    async def settled(self, body: dict[str, Any], record_id: str | None) -> dict[str, Any]:
        """Give a body that holds the carrier's id where it named the carrier. Raises CannotHoldError."""
        if NAME not in body:
            return body
        name = body[NAME]
        rest = {key: value for key, value in body.items() if key != NAME}
        return rest if name is None else {**rest, "carrier_id": await self._id_of(str(name), record_id)}

    async def _name_of(self, carrier_id: str) -> str:
        alias = next((name for name, here in self._elsewhere.items() if here == carrier_id), None)
        if alias is not None:
            return alias
        if carrier_id not in self._names:
            await self._read()
        if carrier_id not in self._names:
            hint = "Nothing to do if it passes; else compare PerfectQuote's list of carriers with this plan's carrier."
            told = f"carriers.list: the list lacks {carrier_id}, which a plan has as its carrier"
            raise TransientError(told, system=self._system, hint=hint)
        return self._names[carrier_id]

    async def _id_of(self, name: str, record_id: str | None) -> str:
        if name in self._elsewhere:
            return self._elsewhere[name]
        found = self._ids(name)
        if not found:
            await self._read()
            found = self._ids(name)
        if len(found) == 1:
            return found[0]
        what = "no carrier" if not found else f"{len(found)} carriers"
        raise CannotHoldError(
            f"PerfectQuote has {what} called {name!r}",
            system=self._system,
            external_id=record_id,
            field="details.carrier",
            hint="Add the carrier in PerfectQuote, or say in `carriers` of this system which id the name has there.",
        )

    def _ids(self, name: str) -> list[str]:
        wanted = _fold(name)
        return [carrier_id for carrier_id, held in self._names.items() if _fold(held) == wanted]

    async def _read(self) -> None:
        listed = [each async for data, _ in self._pages() for each in data if isinstance(each, dict)]
        self._names = {str(each["id"]): str(each.get("name") or "") for each in listed if each.get("id")}


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
