"""Read a reply whole or not at all: piece by piece, inflated by ourselves, never more of it than a setting allows.

Takes the pieces as they come from the wire, gives the content. A few bytes of gzip can stand for gigabytes, so what is
counted is what comes out, and nothing is inflated beyond the limit. Knows no transport.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.connectors.readable import decoded

ENCODINGS: Final = "gzip, deflate"
"""What is announced: both can be stopped in the middle of a piece, which br and zstd cannot."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB_METHOD: Final = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str = ""
    """Where it came from, without the query."""

    @property
    def ok(self) -> bool:
        """Whether the vendor says that it did what it was asked."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The content as text; what is no UTF-8 shows as replacement characters."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """Decode the content. Raises ValueError; a 2xx reply to a request that expected JSON was checked already."""
        return decoded(self.content)


class TooLargeError(Exception):
    """A reply is larger than it may be. `announced`: the bytes that its header names; None: it names none."""

    def __init__(self, announced: int | None = None) -> None:
        super().__init__()
        self.announced = announced


class GarbledError(Exception):
    """A reply's encoding is not one that was asked for, or its content is not in it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


async def read_content(pieces: AsyncIterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    """Give the whole content, inflated. Raises TooLargeError as soon as it is more than `most` bytes, GarbledError."""
    said = headers.get("content-length", "")
    if said.isascii() and said.isdecimal() and (announced := int(said[:20])) > most:
        raise TooLargeError(announced)
    inflate = _inflater(headers.get("content-encoding", ""))
    found: list[bytes] = []
    size = wire = 0
    async for piece in pieces:
        wire += len(piece)
        out = inflate.take(piece, most - size) if inflate is not None else piece
        size += len(out)
        if max(size, wire) > most:
            raise TooLargeError
        found.append(out)
    if wire and inflate is not None and not inflate.ended:
        raise GarbledError("a compressed body that ends in the middle")
    return b"".join(found)


class _Inflater:
    """Inflates one body: gzip, whose members may follow each other, or deflate with or without its frame."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._engine = zlib.decompressobj(_GZIP) if gzip else None
        self._first = b""

    @property
    def ended(self) -> bool:
        """Tell whether the body is whole."""
        return self._engine is not None and self._engine.eof

    def take(self, data: bytes, room: int) -> bytes:
        """Inflate a piece; one byte more than there is room for, at most. Raises GarbledError."""
        if self._engine is None:
            self._first = data = self._first + data
            if len(data) < 2:
                return b""
            framed = data[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(data[:2]) % 31 == 0
            self._engine = zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        found = b""
        try:
            while data and len(found) <= room:
                if self._engine.eof:
                    if not self._gzip or not data.strip(b"\0"):
                        break  # padding behind the end
                    self._engine = zlib.decompressobj(_GZIP)
                found += self._engine.decompress(data, room + 1 - len(found))
                data = self._engine.unused_data
        except zlib.error:
            raise GarbledError("a body that is not compressed as it says") from None
        return found


def _inflater(encoding: str) -> _Inflater | None:
    """Give what inflates an encoding; None: there is nothing to inflate. Raises GarbledError."""
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names:
        return None
    if names in (["gzip"], ["x-gzip"], ["deflate"]):
        return _Inflater(gzip=names != ["deflate"])
    raise GarbledError(f"a body in an encoding that was not asked for ({', '.join(names)[:40]})")
