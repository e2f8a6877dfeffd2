"""The catalogue of benefit codes: what each code is called, and what a benefit must hold to be sent.

Read once per process, when a benefit is written that has no label yet.
"""

from __future__ import annotations

from typing import Any, Final

from syncd.connectors.perfectquote.problems import Problem
from syncd.connectors.perfectquote.session import Session

_SAID: Final = frozenset({"in_network", "out_of_network", "note"})
# `in_network` is obligatory and its text not blank; "none" would say that there is no limit, or no charge. The codecs
# read a dash as nothing said.
_NOTHING: Final = {"kind": "text", "text": "-"}


class Catalogue:
    """The codes of one installation."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._labels: dict[str, str] | None = None

    async def labels(self) -> dict[str, str]:
        """Give what each code is called. Raises TransientError."""
        if self._labels is None:
            self._labels = {str(one["code"]): str(one.get("label") or one["code"]) for one in await self._fields()}
        return self._labels

    async def _fields(self) -> list[dict[str, Any]]:
        """Read every page of the catalogue."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"cursor": cursor} if cursor else None
            reply = await self._session.ask("benefit_fields", "GET", "benefit-fields", params=params)
            if not reply.ok:
                raise Problem.of(reply).failure(self._session.http.system, doing="benefit_fields")
            body: Any = reply.json()
            fields = body.get("data") if isinstance(body, dict) else body
            found += [field for field in fields or () if isinstance(field, dict) and field.get("code")]
            page = body.get("page") if isinstance(body, dict) else None
            following = page.get("next_cursor") if isinstance(page, dict) and page.get("has_more") else None
            if not following or following == cursor:
                return found
            cursor = str(following)

    async def completed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a body whose benefits hold what the contract asks of each; those that say nothing are left out."""
        benefits = body.get("benefits")
        if not isinstance(benefits, dict) or not isinstance(benefits.get("variants"), list):
            return body
        variants = [await self._variant(each) for each in benefits["variants"]]
        return {**body, "benefits": {**benefits, "variants": variants}}

    async def _variant(self, variant: Any) -> Any:  # noqa: ANN401 - JSON
        fields = variant.get("fields") if isinstance(variant, dict) else None
        if not isinstance(fields, list):
            return variant
        said = [{key: value for key, value in each.items() if value is not None} for each in fields]
        return {**variant, "fields": [await self._field(each) for each in said if _says_something(each)]}

    async def _field(self, field: dict[str, Any]) -> dict[str, Any]:
        made = {"in_network": _NOTHING, **field}
        if not field.get("label"):
            code = str(field.get("code", ""))
            made["label"] = (await self.labels()).get(code) or _words(code)
        return made


def _says_something(field: dict[str, Any]) -> bool:
    said = [field[key] for key in _SAID & field.keys()]
    return any(not isinstance(each, dict) or {**each, **_NOTHING} != each for each in said)


def _words(code: str) -> str:
    """Call a code that the catalogue does not know by its own words."""
    return code.removeprefix("x_").replace("_", " ").strip().capitalize() or code
