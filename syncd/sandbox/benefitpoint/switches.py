"""Behaviour that differs between installations, or that nobody outside knows: each is a switch, none an assumption.

The keys are fixed; a value keeps its type and, where only some words make sense, is one of them. A change can be
listened to, because a tenant with other ids is another state.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Final

DEFAULTS: Final[dict[str, Any]] = {
    # which services answer
    "profile": "both",  # v4, v4_3 or both
    "tenant": 1,  # another number: the same names under other ids (types, tiers, columns, attributes, carriers, people)
    "huge_accounts": 0,  # so many more accounts without plans
    # sessions
    "session_ttl_s": 1800,  # idle time after which a session dies
    "one_session_only": False,  # a login ends the user's other sessions
    "lockout_after": 5,  # wrong passwords in a row
    "lockout_s": 1800,
    # writing
    "strict_replace": True,  # an omitted optional element is cleared; False: it is kept
    "duplicate_products": "allow",  # refuse: the same account, type, carrier, name and date is Duplicate_Error
    "tidy": {},  # what becomes of texts and amounts that are written: see `syncd.sandbox.tidy`
    "require_billing": True,  # who pays the commission must be named, though the schema lets it be absent
    "child_change_stamps_product": False,  # saving a rate, summary, contribution or rule stamps the plan
    # time
    "clock_offset_s": 0.0,  # the server's clock against the sandbox's
    "equal_stamps": False,  # stamps to the minute, so that several changes share one
    "late_visibility_s": 0.0,  # findChanges and sinceLastModifiedOn see a change so much later
    "thirty_days": "fault",  # findChanges from further back: fault, or cut (the older ones are missing without a word)
    # reading
    "gone": "fault",  # a record that is gone or hidden: fault, or empty (a response without children)
    "nulls": "none_selected",  # omitted: a choice that was not made is no element
    "unknown_enum": [],  # elements whose word is one of a later release, such as ["premiumPaymentFrequency"]
    "unfilled": [],  # required choices and texts served as null, such as ["GroupAccountInfo.businessType"]
    "band_index_base": 1,  # the first age band's index: 0 or 1
    "band_open_ends": True,  # first band: up to startOn; last: above endOn. False: plain bands from startOn to endOn
    # rights of the web-service user
    "rights.revenue": True,  # without: no commissions
    "rights.financial_info": True,  # without: no estimated totals
    "rights.office": "",  # the only office whose accounts are visible
    "rights.denied_modules": [],  # of account, contact, product, activity_log, user, revenue_tracking
}

_WORDS: Final[dict[str, tuple[Any, ...]]] = {
    "profile": ("v4", "v4_3", "both"),
    "duplicate_products": ("allow", "refuse"),
    "thirty_days": ("fault", "cut"),
    "gone": ("fault", "empty"),
    "nulls": ("none_selected", "omitted"),
    "band_index_base": (0, 1),
}
MODULES: Final = ("account", "contact", "product", "activity_log", "user", "revenue_tracking")


class Switches(MutableMapping[str, Any]):
    """The switches of one vendor; `changed` is told the name after each change."""

    def __init__(self, changed: Callable[[str], None], *, tenant: int = 1) -> None:
        self._defaults = {**DEFAULTS, "tenant": tenant}
        self._changed = changed
        self.restore_defaults()

    def __getitem__(self, name: str) -> Any:
        return self._held[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Set one. Raises ValueError that says which words there are."""
        if name not in self._held:
            raise ValueError(f"unknown switch {name!r}: one of {', '.join(sorted(self._held))}")
        words = _WORDS.get(name)
        if words is not None and value not in words:
            raise ValueError(f"switch {name} is {value!r}: one of {', '.join(map(str, words))}")
        if name == "rights.denied_modules" and not set(value) <= set(MODULES):
            raise ValueError(f"switch {name} is {value!r}: each of {', '.join(MODULES)}")
        if name in {"tenant", "huge_accounts"} and not (isinstance(value, int) and 0 <= value <= 20_000):
            raise ValueError(f"switch {name} is {value!r}: a whole number from 0 to 20000")
        before, self._held[name] = self._held[name], _copy(value)
        if before != value:
            self._changed(name)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a switch can be set, not removed")

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def restore_defaults(self) -> None:
        """Set every switch as it was at the start, without telling anyone."""
        self._held = {name: _copy(value) for name, value in self._defaults.items()}


def _copy(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, list | dict) else value
