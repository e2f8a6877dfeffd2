"""Idempotency keys: the first answer to a POST is kept for 24 h and given again for the same request.

Only work that was done is remembered: a refused request changed nothing, so sending it again is judged anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.sandbox.perfectquote.call import Answer, Call
from syncd.sandbox.perfectquote.problems import Problem

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class _Kept:
    digest: str
    at: datetime
    answer: Answer


class Replay:
    """The answers of a day, by client and key."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def again(self, call: Call, now: datetime) -> Answer | None:
        """Give the first answer, if this request came before. Raises 409 when another came under its key."""
        key = self._key(call)
        kept = self._kept.get(key) if key else None
        if kept is None or now - kept.at > KEPT:
            return None
        if kept.digest != _digest(call):
            raise Problem("idempotency_mismatch", "this Idempotency-Key was used with another path or body")
        headers = {**kept.answer.headers, "Idempotency-Replayed": "true"}
        return Answer(json.loads(json.dumps(kept.answer.body)), kept.answer.status, headers)

    def keep(self, call: Call, answer: Answer, now: datetime) -> None:
        """Remember the answer to a request that carried a key."""
        key = self._key(call)
        if key:
            body = json.loads(json.dumps(answer.body))
            self._kept[key] = _Kept(_digest(call), now, Answer(body, answer.status, answer.headers))

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def _key(self, call: Call) -> tuple[str, str] | None:
        key = call.headers.get("idempotency-key")
        return (call.token.client_id, key) if key and call.method == "POST" else None


def _digest(call: Call) -> str:
    asked = json.dumps([call.template, dict(call.ids)]).encode() + b"\n" + call.body
    return hashlib.blake2b(asked, digest_size=16).hexdigest()
