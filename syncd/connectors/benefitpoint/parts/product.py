"""The product itself: names for its type and its carrier, and both found again when a plan is made from names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from syncd.connectors.benefitpoint.contract import Data
from syncd.connectors.benefitpoint.settings import Settings
from syncd.connectors.benefitpoint.values import visible
from syncd.errors import CannotHoldError, RefusedError

KIND = "product"
MARKED = "syncd:"
"""How our markers begin; what else stands in alternativePlanID is the brokerage's own plan code."""
DESIGNED = ("Medical", "Dental")
"""Lines whose product types are plan designs: PPO, HMO and so on."""
OF_FLAG = ("Short_Term_Disability", "Long_Term_Disability")
"""Lines that have a type of its own for what is voluntary, and hold voluntary plans of the other type beside it."""
_LINES = {
    line.replace("_", " ").casefold(): line
    for line in (
        *("Accidental_Death_and_Dismemberment", "Additional_Product", "Business_Travel_Accident", "Dental", "Life"),
        *("Employee_Assistance_Program", "Life_and_Accidental_Death_and_Dismemberment", "Limited_Benefit_Products"),
        *("Long_Term_Disability", "Medical", "Retirement_Products", "Section_125", "Short_Term_Disability"),
        *("Stop_Loss", "Vision", "Voluntary_Accidental_Death_and_Dismemberment", "Voluntary_Life", "Work_Life"),
    )
}
REQUIRED = {
    "accountID": "the account",
    "productTypeID": "the product type",
    "name": "the plan's name",
    "carrierID": "the carrier",
    "officeID": "the office",
    "primarySalesLeadUserID": "the primary sales lead",
    "primaryServiceLeadUserID": "the primary service lead",
    "billingCarrierType": "who pays the commission",
    "billingCarrierID": "the company that pays the commission",
}
"""What a new plan needs: the contract asks for the first seven, a push without paid-by fails or breaks commissions."""


def annotated(raw: Mapping[str, Any], kind: Mapping[str, Any], carrier: str) -> Data:
    """Name the product's type and carrier.

    `_type.line` and `_type.plan` hold the same words twice, `Medical/PPO`: two canonical fields are read from them, and
    each is given by its own words when a plan is made. Other lines than medical and dental have no designs. A
    disability plan that is flagged as voluntary is one, whichever of the two types it was given.
    """
    word = type_word(kind)
    flagged = raw.get("voluntaryProduct") is True and line_of(kind) in OF_FLAG
    line = word.replace("/", "/Voluntary ", 1) if flagged and "/vol" not in word.casefold() else word
    named: Data = {"line": line, "name": kind.get("longDescription", "")} if word else {}
    if line_of(kind) in DESIGNED:
        named["plan"] = word
    code = str(raw.get("planInfo", {}).get("alternativePlanID", ""))
    made: Data = {**visible(raw), "_type": named, "_carrier": {"name": carrier}}
    return made | ({"_planCode": code} if code and not code.startswith(MARKED) else {})


def line_of(kind: Mapping[str, Any]) -> str:
    """Give a type's line of coverage, spelled as the contract's enum spells it: the element is a plain text, and the
    live service may write `Short Term Disability`."""
    words = " ".join(str(kind.get("lineOfCoverage", "")).replace("_", " ").split())
    return _LINES.get(words.casefold(), words.replace(" ", "_"))


def type_word(kind: Mapping[str, Any]) -> str:
    """Name a product type by its line of coverage and its short name."""
    line, name = line_of(kind), " ".join(str(kind.get("shortDescription", "")).split())
    return f"{line}/{name}" if line or name else ""


def find_type(wanted: Mapping[str, Any], kinds: Mapping[int, Mapping[str, Any]], settings: Settings) -> int:
    """Find the product type of a new plan by the words that the mapping gave. Raises RefusedError unless one fits."""
    words = _words(str(wanted.get("line") or ""), str(wanted.get("plan") or ""))
    for word in words:
        if word in settings.product_types:
            return settings.product_types[word]
    for word in words:
        fitting = [number for number, kind in kinds.items() if _fits(word, type_word(kind))]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = sorted(type_word(kinds[number]) for number in fitting)
            raise RefusedError(
                f"{len(fitting)} product types fit {word!r}: {_some(names)}",
                field="productTypeID",
                hint="Say which one under `product_types` in this system's settings.",
            )
    raise RefusedError(
        f"no product type fits {words[0]!r}{_near(words[0], map(type_word, kinds.values()))}"
        if words
        else "the plan's line of coverage is not given, so no product type can be chosen",
        field="productTypeID",
        hint="Say which one under `product_types` in this system's settings.",
    )


def _words(line: str, plan: str) -> list[str]:
    """Give the words to look a type up by, the closest first. A design of another line says nothing about this one."""
    same = _line(line.partition("/")[0]) == _line(plan.partition("/")[0])
    return [word for word in (plan if same or not line else "", line) if word]


def find_carrier(name: str, carriers: Mapping[int, Mapping[str, Any]], settings: Settings) -> int:
    """Find a carrier by name or alias, to the letter but for case and blanks. Raises CannotHoldError unless one
    fits."""
    if name in settings.carriers:
        return settings.carriers[name]
    wanted = _folded(name)
    fitting = sorted(
        number
        for number, carrier in carriers.items()
        if wanted in (_folded(carrier.get("carrierName", "")), _folded(carrier.get("carrierAlias", "")))
    )
    if len(fitting) == 1:
        return fitting[0]
    names = [str(carrier.get("carrierName", "")) for carrier in carriers.values()]
    what = f"{len(fitting)} carriers are called {name!r}" if fitting else f"no carrier is called {name!r}"
    raise CannotHoldError(
        f"{what}{_near(name, names)}",
        field="details.carrier",
        hint="Say which one under `carriers` in this system's settings: name elsewhere -> carrier id here.",
    )


def _fits(word: str, of_type: str) -> bool:
    """`Medical/PPO` names a type, `Medical` every type of the line."""
    if "/" in word:
        return _line(word) == _line(of_type)
    return _line(word) == _line(of_type.partition("/")[0])


def _line(text: str) -> str:
    return _folded(text.replace("_", " "))


def _folded(text: object) -> str:
    return " ".join(str(text).split()).casefold()


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; the nearest are {', '.join(near)}" if near else ""


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
