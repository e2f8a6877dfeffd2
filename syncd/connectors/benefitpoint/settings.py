"""What a person may say about a BenefitPoint installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from syncd.connectors.http_settings import HttpSettings


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = f"there is no time zone {name!r}; expected a name such as America/Los_Angeles"
        raise ValueError(msg) from None
    return name


class Settings(HttpSettings):
    """Settings of one BenefitPoint installation: one brokerage, one web-service user."""

    base_url: str = "https://www1.benefitpoint.com/aptusConnect"
    """Address up to the folder that holds the WSDLs and `services/`."""
    username: str = Field(min_length=1)
    password: SecretStr
    wsdl: Path | None = None
    """The vendor's own WSDL of the broker service; left out: the one that comes with this program (V4)."""
    login_path: str = "services/LoginV2SOAP"
    """The address of the login service stands in no public document; this follows the pattern of the other."""
    broker_path: str = "services/BrokerConnectV4SOAP"
    time_zone: Annotated[str, AfterValidator(_zone)] = "America/Los_Angeles"
    """Where the server's midnights are: a plan's dates are sent as midnight with this zone's offset on that day."""
    marker: Literal["alternativePlanID", "custom_field", "none"] = "alternativePlanID"
    """Where a new plan carries syncd's marker; without one a lost create is asked about instead of found again."""
    marker_field: str = ""
    """Label of the Plan_Info custom field when `marker` is `custom_field`."""
    activity_subject: str = ""
    """Subject of hand-offs in the activity log, by its name; left out: the first one there is."""
    billing_type: Literal["Direct_Bill", "Agency_Bill"] = "Direct_Bill"
    new_summary: Literal["none", "standard", "copy"] = "none"
    """What a new plan's first benefit summary starts from; `copy` takes the prior plan's where there is one."""
    view_level: str = ""
    """Level of detail of new benefit summaries, by its name; left out: the most detailed one."""
    carriers: dict[str, int] = Field(default_factory=dict)
    """Names of carriers elsewhere -> carrier id here, where the names differ."""
    product_types: dict[str, int] = Field(default_factory=dict)
    """Type names as in the mapping (`Life/Life`) -> product type id here, where several or none fit."""
    band_index_base: Literal[0, 1] = 1
    """Which number the first age band has; the contract does not say."""
    band_ends: Literal["open", "closed"] = "open"
    """open: the first band is everybody up to its start, the last everybody above its end; closed: nobody is beyond."""
    write_without_commission_rights: bool = False
    """Without the revenue-tracking role commission data is hidden, and an update may blank it; true: it does not."""
    overlap_s: int = Field(default=300, ge=0)
    """How far behind the last look findChanges is asked again, for what shows late."""
    plan_parallel: int = Field(default=4, ge=1, le=16)
    structure_age_s: float = Field(default=86_400, gt=0)
    """How long carriers, product types and structures are taken as known."""
    rights_age_s: float = Field(default=300, ge=0)
    """How long what the user may do is taken as known."""
    timeout_s: float = Field(default=30.0, gt=0)

    @model_validator(mode="after")
    def _marker_has_its_field(self) -> Self:
        if self.marker == "custom_field" and not self.marker_field:
            msg = "marker_field: expected the label of a Plan_Info custom field, because marker is custom_field"
            raise ValueError(msg)
        return self
