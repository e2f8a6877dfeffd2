"""How an in-memory vendor is made. A value: nothing here changes while the vendor runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, TypeAlias

from pydantic import ConfigDict

from syncd.model.records import JSON

Versions: TypeAlias = Literal["none", "etag", "lying", "stuck", "restless"]

DEFAULT_PART: Final = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How this vendor is made; the defaults are a vendor that takes everything as it is and versions nothing.

    Prefixes (`read_only writable carries distorts`) are path prefixes; "" stands for everything.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    versions: Versions = "none"
    """etag: a new token with each change. stuck: never a new one. restless: a new one with each answer. lying: one that
    changes with every second answer and has nothing to do with the content, so it lies both ways. A token that the
    back door states (`version=`) stays until it is stated again under the last three."""
    conditional: bool = True
    """A write whose token is not the current one is refused; only with versions "etag"."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Section -> kind of the part that holds it; every record has all of them, the rest is in the part "record"."""
    several: tuple[str, ...] = ()
    """Kinds of parts of which a record holds any number, each under an id of its own: the back door puts them
    (`put_parts`), and a write of a part without an id adds one."""
    decimals: int | None = None
    """Numbers written as text are rounded, half up, to this many places."""
    recase: Literal["none", "title", "upper", "lower"] = "none"
    trims: bool = False
    """Blanks around a text are dropped."""
    longest: int | None = None
    """A text is cut after this many characters."""
    escapes: bool = False
    """A text is kept as HTML would write it: `&` as `&amp;`, once for each writing."""
    normal: Literal["none", "NFC", "NFD"] = "none"
    """The Unicode form in which a text is kept."""
    distorts: tuple[str, ...] = ("",)
    """Where texts and numbers are changed."""
    late: int = 0
    """What was created or written is seen only after this many further calls of list, read or find."""
    read_only: tuple[str, ...] = ()
    writable: tuple[str, ...] = ("",)
    carries: tuple[str, ...] = ("",)
    """What the vendor holds at all; other keys are refused, from the back door too."""
    create: bool = True
    update: bool = True
    end: bool = True
    end_sets: Mapping[str, JSON] | None = None
    """What the vendor sets when a record is ended; None: the record is removed."""
    marker: bool = True
    replays_s: float = 0.0
    """A create under a marker that was used less than so many seconds ago makes nothing and gives the id of the first;
    it needs a clock."""
    by_group: bool = False
    """Plans are listed group by group."""
    feed: bool = False
    """The vendor tells what moved (`make` gives a system with `position` and `changes`)."""
    notes: bool = False
    """The vendor has a notebook (`make` gives a system with `find_note` and `write_note`)."""
    skew_s: float = 0.0
    """How far the vendor's clock is ahead of the injected one."""
    page_size: int = 500

    @property
    def changes_texts(self) -> bool:
        """Tell whether this vendor keeps anything otherwise than it was written."""
        return (
            self.decimals is not None
            or self.recase != "none"
            or self.trims
            or self.longest is not None
            or self.escapes
            or self.normal != "none"
        )
