"""What the kernel asks of a vendor's sandbox: the protocol between `server`, `wire`, `backdoor` and a vendor folder.

A vendor folder exposes `build(world, clock, faults, seed) -> VendorApp`. Its state is plain data (`snapshot` gives
JSON), its time comes from the clock, and chance, if any, from the seed, so that a history can be played again.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Protocol

from starlette.types import ASGIApp, Scope


class Refused(Exception):  # noqa: N818 - a person's edit that the vendor's own screens would not take
    """The vendor does not take that; the text says which field, what was expected and what to do."""


class VendorApp(Protocol):
    """A vendor as the kernel sees it."""

    name: str
    """As in the ready line and `--system`: `perfectquote`, `benefitpoint`."""

    @property
    def app(self) -> ASGIApp:
        """The vendor's own surface, without `/__sandbox/`."""

    @property
    def switches(self) -> MutableMapping[str, Any]:
        """Behaviour that differs between installations; the keys are fixed, a value keeps its type."""

    def ready(self, origin: str) -> dict[str, Any]:
        """Give the vendor's part of the ready line, made-up credentials included; `origin` is `http://127.0.0.1:8801`."""

    def operation_of(self, scope: Scope, body: bytes) -> str:
        """Name what a request asks for, by which faults match and counters count. Total: it never raises."""

    def refusal(self, status: int, seconds: int) -> tuple[str, bytes]:
        """Give the media type and body with which the vendor answers 429, 502 or 503; retry after `seconds`."""

    def reset(self) -> None:
        """Go back to the seeded state; sessions and switches too."""

    def snapshot(self) -> dict[str, Any]:
        """Give the whole state as JSON data."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state that `snapshot` gave."""

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        """Edit as a vendor user (`kind`, `id`, `as`, `set`, `delete`); gives the record after. Raises `Refused`."""
