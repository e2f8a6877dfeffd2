"""Identity: whether the records of a link are still the records that were linked. Pure.

A record that is found under another client, or that became another plan, holds its link: nothing is written to or taken
from any member until a person says whether they still belong together. It is one question about that link.
"""

from __future__ import annotations

from syncd.reconcile.questions import digest_of
from syncd.reconcile.types import Link, Offer, Proposal, System


def claimed_twice(link: Link, system: System, record_id: str, other: str) -> Proposal:
    """Ask about a record that two links claim; the one that holds it goes on."""
    return Proposal(
        kind="hold",
        scope=link.scope,
        link=link.id,
        label=link.label,
        name=f"{system}:",
        why=f"its record {record_id} of {system} belongs to another link, {other}",
        rule="a record belongs to one link",
        digest=digest_of("claimed", link.id, system, record_id, other),
        offers=(Offer("ignore", f"leave it as it is; `syncd unlink GROUP {other}` sets the record free"),),
        members={system: {"id": record_id}},
        evidence=(f"link {link.id}: {link.label}", f"link {other}"),
    )
