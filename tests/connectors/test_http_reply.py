"""A reply is taken whole or not at all, and never more of it than a setting allows, however it is packed."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from functools import cache

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.connectors.http import Http
from syncd.connectors.http_reply import GarbledError, TooLargeError, read_content
from syncd.errors import ConnectorError, SyncdError, TransientError, UnknownOutcomeError

MB = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


PACKED = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "gzip, identity": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]) + bytes(5),
}


def sent(data: bytes, size: int):
    """Send bytes in pieces of a size."""

    async def pieces():
        for at in range(0, len(data), size):
            yield data[at : at + size]

    return pieces()


@given(data=st.binary(max_size=300), size=st.integers(1, 400), encoding=st.sampled_from(sorted(PACKED)))
def test_what_was_packed_comes_out_as_it_was(data, size, encoding):
    """R15: however a reply is packed and cut into pieces, its content is what the vendor packed."""
    packed = PACKED[encoding](data)
    assert asyncio.run(read_content(sent(packed, size), {"content-encoding": encoding}, 300)) == data


@given(size=st.integers(1, 400), encoding=st.sampled_from(sorted(PACKED)), excess=st.integers(1, 300))
def test_not_one_byte_more_than_the_limit_is_taken(size, encoding, excess):
    """R15: a reply that is larger than the limit once inflated is refused, whatever its packing."""
    packed = PACKED[encoding](bytes(1000 + excess))
    with pytest.raises(TooLargeError):
        asyncio.run(read_content(sent(packed, size), {"content-encoding": encoding}, 1000))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_reply_that_was_cut_is_no_reply(encoding):
    """R15: half of a packed body is told from a whole one, wherever it was cut."""
    packed = PACKED[encoding](b"a plan " * 50)
    for end in range(1, len(packed)):
        with pytest.raises(GarbledError):
            asyncio.run(read_content(sent(packed[:end], 9), {"content-encoding": encoding}, MB))


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "exi"])
def test_what_was_not_asked_for_is_not_unpacked(encoding):
    """R15: an encoding that cannot be stopped in the middle is neither announced nor taken."""
    with pytest.raises(GarbledError, match="not asked for"):
        asyncio.run(read_content(sent(b"{}", 1), {"content-encoding": encoding}, MB))


# --- through the door -------------------------------------------------------------------------------------------------


async def endless(piece: bytes):
    while True:
        yield piece
        await asyncio.sleep(0)


@cache
def bomb(pack) -> bytes:
    """Give 60 MB of blanks, packed: some ten thousand bytes, which come in one piece."""
    return pack(b" " * (60 * MB))


BOMBS = {
    "gzip": lambda: ({"content-encoding": "gzip"}, bomb(gzip.compress)),
    "deflate": lambda: ({"content-encoding": "deflate"}, bomb(zlib.compress)),
    "raw deflate": lambda: ({"content-encoding": "deflate"}, bomb(raw_deflate)),
    "announced": lambda: ({"content-length": str(10**30)}, b"{}"),
    "plain": lambda: ({}, b" " * (3 * MB)),
    "chunks without end": lambda: ({}, endless(b" " * 9999)),
    "members without end": lambda: ({"content-encoding": "gzip"}, endless(gzip.compress(b"") * 99)),
}


class Served(httpx.AsyncByteStream):
    """A body that is not in memory as a whole because a test wants it measured."""

    def __init__(self, content):
        self.content, self.closed = content, False

    async def __aiter__(self):
        if isinstance(self.content, bytes):
            for at in range(0, len(self.content), 65536):
                yield self.content[at : at + 65536]
            return
        async for piece in self.content:
            yield piece

    async def aclose(self):
        self.closed = True


def door(status, headers, body, seen, **limits):
    def answer(request):
        seen.append(request)
        return httpx.Response(status, headers=headers, stream=body)

    return Http("acme", "https://vendor.example/v1", transport=httpx.MockTransport(answer), **limits)


@pytest.mark.parametrize(
    ("name", "status"), [*((name, 200) for name in BOMBS), *(("plain", status) for status in (401, 404, 429, 500))]
)
async def test_memory_for_one_reply_is_bounded_by_a_setting(name, status):
    """R15: a reply that is too large costs no more memory than the limit, is not asked for again, its connection is
    let go of, and the error names system, address, size and setting."""
    headers, content = BOMBS[name]()
    body, seen = Served(content), []
    tracemalloc.start()
    try:
        with pytest.raises(SyncdError) as caught:
            await door(status, headers, body, seen, max_reply_mb=2).request("plans.list", "GET", "plans", kind="read")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * MB
    assert type(caught.value) is ConnectorError
    assert str(caught.value).startswith(
        "acme: plans.list: the answer of https://vendor.example/v1/plans is larger than 2 MB"
    )
    assert "(max_reply_mb)" in str(caught.value)
    assert ("are announced" in str(caught.value)) == (name == "announced")
    assert "raise max_reply_mb" in caught.value.hint
    assert (len(seen), body.closed) == (1, True)


@pytest.mark.parametrize("kind", ["write", "create"])
async def test_a_write_whose_answer_is_too_large_may_have_been_done(kind):
    """R15: what became of a write whose answer cannot be taken is found out by reading."""
    with pytest.raises(UnknownOutcomeError, match="max_reply_mb"):
        await door(200, {}, Served(b" " * MB), [], max_reply_mb=0.5).request("x", "POST", "plans", kind=kind)


async def test_a_reply_within_the_limit_is_taken_and_its_packing_was_announced():
    """R15: what is announced is what can be stopped in the middle."""
    seen = []
    packed = gzip.compress(json.dumps({"a": "b" * 1000}).encode())
    http = door(200, {"content-encoding": "gzip"}, Served(packed), seen, max_reply_mb=0.0011)
    assert (await http.request("x", "GET", "plans", kind="read")).json() == {"a": "b" * 1000}
    assert seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(("kind", "error"), [("read", TransientError), ("write", UnknownOutcomeError)])
async def test_a_garbled_reply_says_nothing_certain(kind, error):
    """R15: a body that is not what its header says is a failure of its vendor, not of ours."""
    with pytest.raises(SyncdError, match="not compressed as it says") as caught:
        await door(200, {"content-encoding": "gzip"}, Served(b"{}"), [], attempts=1).request(
            "x", "POST", "plans", kind=kind
        )
    assert type(caught.value) is error
