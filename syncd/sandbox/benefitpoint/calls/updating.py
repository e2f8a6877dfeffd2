"""What an update does with what it leaves out. Pure.

The contract has no partial update and says nothing of omitted elements, so by default they are cleared (our reading);
a tenant whose server keeps them is a switch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from syncd.sandbox.benefitpoint.codec import Record
from syncd.sandbox.benefitpoint.contract import Contract


def updated(
    held: Record, given: Record, contract: Contract, kind: str, *, strict: bool, owned: Iterable[str] = ()
) -> Record:
    """Give the record after an update. `owned` fields are the server's: what was sent for them is ignored.

    What the profile's type does not have (other profiles' fields, the server's own notes) stays as it was.
    """
    known = {field.name for field in contract.types[kind]}
    kept = {name: value for name, value in held.items() if name not in known or name in set(owned)}
    sent = {name: value for name, value in given.items() if name not in kept}
    return {**kept, **(sent if strict else _merged(held, sent))}


def _merged(held: Any, sent: Record) -> Record:
    """Keep what was not sent, at every depth; a list is sent whole or not at all."""
    result: Record = dict(held) if isinstance(held, dict) else {}
    for name, value in sent.items():
        if isinstance(value, dict):
            result[name] = _merged(result.get(name), value)
        elif value is not None and value != []:
            result[name] = value
    return result
