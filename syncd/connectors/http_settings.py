"""What a person may say about any installation that is spoken to over HTTP; a connector's own settings add to it."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from syncd.connectors.http_pace import LONGEST_QUIET_S, RETRY_FOR_S

LARGEST_REPLY_MB: Final = 32.0
"""A page of two hundred plans is three to five."""


class HttpSettings(BaseModel):
    """The address, and how hard and for how long it may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(min_length=1)
    """https, or http on this machine."""
    concurrency: int = Field(default=5, ge=1, le=20)
    """Requests at once."""
    per_minute: int = Field(default=0, ge=0)
    """Requests a minute; 0: no limit on our side."""
    timeout_s: float = Field(default=10.0, gt=0)
    """For each silence of the vendor."""
    retry_for_s: float = Field(default=RETRY_FOR_S, ge=0, le=LONGEST_QUIET_S)
    """How long one request is repeated, and the longest wait that is granted when the vendor asks for one."""
    max_reply_mb: float = Field(default=LARGEST_REPLY_MB, gt=0, le=2000)
    """The largest reply that is taken, in millions of bytes, counted after inflating; a larger one is an error."""
