"""What a person may say about a PerfectQuote installation."""

from __future__ import annotations

from pydantic import Field, SecretStr

from syncd.connectors.http_settings import HttpSettings


class Settings(HttpSettings):
    """Settings of one installation; the secret comes from a credential, the environment or a file."""

    base_url: str = Field(min_length=1)
    """Address up to and with `/v1`; https, or http on this machine."""
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    concurrency: int = Field(default=5, ge=1, le=10)
    """Requests at once; the contract allows 10."""
    per_minute: int = Field(default=120, ge=0)
    """Requests a minute; the contract allows 120 per token. 0: no limit on our side."""
    page_size: int = Field(default=200, ge=1, le=200)
    allow_confirmed_edit: bool = False
    """Write into confirmed plans too (`X-Allow-Confirmed-Edit`); otherwise they are held."""
    whole_tax_ids: bool = False
    """Ask for the scope `groups:pii`, so that groups with one tax id are found (compared by a keyed hash, never kept);
    otherwise tax ids come masked, and their last four digits are weak evidence."""
    carriers: dict[str, str] = Field(default_factory=dict)
    """Names of carriers elsewhere -> carrier id here, where the names differ."""
