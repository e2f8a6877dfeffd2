"""PerfectQuote replayed: what it said to our sandbox's address once, with the network blocked.

Recorded anew with `pytest tests/connectors/test_perfectquote_cassettes.py --record-mode=rewrite -n0`: then, and only
then, a sandbox is started. They tell apart a change of ours from a change of the sandbox.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from syncd.connectors.perfectquote import Settings, connect
from syncd.connectors.perfectquote.account import REVIEWER
from syncd.errors import StaleWriteError
from syncd.model.records import Gone, Part, PartCreate, PartWrite, Present
from tests.connectors.sandboxes import running
from tests.connectors.test_perfectquote import Firm, _cut_down

FOLDER = Path(__file__).parents[2] / "cassettes" / "perfectquote"
ADDRESS = "127.0.0.1:8801"
CREDENTIALS = {"client_id": "pq-sync", "client_secret": "redacted"}
_SCRUBBED = "redacted"

pytestmark = [pytest.mark.vcr, pytest.mark.block_network]


def _plain_request(request):
    """Record neither the back door nor the port that this sandbox happened to get."""
    if "/__sandbox/" in request.uri:
        return None
    request.uri = re.sub(r"127\.0\.0\.1:\d+", ADDRESS, request.uri)
    return request


def _plain_response(response):
    """Scrub tokens, and what says when it was recorded."""
    response["headers"] = {
        name: values for name, values in response["headers"].items() if name.lower() not in ("date", "set-cookie")
    }
    body = response["body"].get("string", b"")
    try:
        told = json.loads(body)
    except ValueError:
        return response
    if isinstance(told, dict) and "access_token" in told:
        response["body"]["string"] = json.dumps({**told, "access_token": _SCRUBBED}).encode()
        for name in response["headers"]:
            if name.lower() == "content-length":
                response["headers"][name] = [str(len(response["body"]["string"]))]
    return response


@pytest.fixture(scope="module")
def vcr_config():
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "body"],
        "filter_headers": ["host", ("authorization", f"Bearer {_SCRUBBED}")],
        "filter_post_data_parameters": [("client_secret", _SCRUBBED), ("client_id", "pq-sync")],
        "before_record_request": _plain_request,
        "before_record_response": _plain_response,
        "decode_compressed_response": True,
        "record_on_exception": False,
    }


@pytest.fixture(scope="module")
def vcr_cassette_dir():
    return str(FOLDER)


@pytest.fixture(scope="module")
def recorded(record_mode):
    """The firm of three plans, in a sandbox that runs only while cassettes are recorded."""
    if record_mode == "none":
        yield None
        return
    with running("perfectquote") as sandbox:
        firm = Firm(dict(sandbox.systems["perfectquote"]), sandbox.backdoors["perfectquote"], None, (), (), "")
        yield asyncio.run(_cut_down(firm))


@pytest.fixture
async def firm(recorded, vcr):
    """None while replaying. Every request of a cassette is asked for."""
    if recorded is not None:
        recorded.restore()
    yield recorded
    assert recorded is not None or vcr.all_played


@pytest.fixture
async def system(firm):
    made = connect_to(firm)
    yield made
    await made.aclose()


def connect_to(firm, client="", **more):
    if firm is not None:
        return firm.connect(client, **more)
    return connect("quotes", Settings(base_url=f"http://{ADDRESS}/v1", **CREDENTIALS, **{"per_minute": 0, **more}))


async def plans_of(system):
    return [record async for page in system.list("plan") for record in page.records]


async def test_listing(firm):
    system = connect_to(firm, page_size=2)
    pages = [page async for page in system.list("plan")]
    assert [(len(page.records), page.last) for page in pages] == [(2, False), (1, True)]
    assert all(record.parts[0].data["carrier"] for page in pages for record in page.records)
    assert system.requests == {"token": 1, "plans.list": 2, "carriers.list": 1}
    await system.aclose()


async def test_read(firm, system):
    plans = await plans_of(system)
    answer = await system.read("plan", plans[0].id)
    assert isinstance(answer, Present)
    assert answer.record == plans[0]
    if firm is not None:
        firm.door.delete("plan", plans[0].id)
    answer = await system.read("plan", plans[0].id)
    assert isinstance(answer, Gone)
    assert "deleted in PerfectQuote at" in answer.evidence


async def test_write(system):
    plan, *_ = await plans_of(system)
    part = plan.parts[0]
    await system.write(PartWrite("plan", plan.id, part, {**part.data, "name": "Ours"}))
    with pytest.raises(StaleWriteError):
        await system.write(PartWrite("plan", plan.id, part, {**part.data, "name": "Ours, again"}))
    answer = await system.read("plan", plan.id)
    assert isinstance(answer, Present)
    assert dict(answer.record.parts[0].data) == {**part.data, "name": "Ours"}


async def test_create(system):
    plan, *_ = await plans_of(system)
    data = {key: plan.parts[0].data[key] for key in ("plan_type", "carrier", "effective_date")}
    create = PartCreate("plan", plan.group, (Part("plan", "", {**data, "name": "New"}),), "marker-1")
    made = await system.create(create)
    (found,) = await system.find_marked("plan", plan.group, "marker-1")
    assert found.id == made
    await system.end("plan", made)
    assert isinstance(await system.read("plan", made), Gone)


async def test_feed(firm, system):
    first, second, _ = await plans_of(system)
    position = await system.position()
    if firm is not None:
        firm.door.edit("plan", first.id, {"name": "Edited there"})
        firm.door.delete("plan", second.id)
    changes = await system.changes(position)
    assert [(record.id, record.parts[0].data["name"]) for record in changes.records] == [(first.id, "Edited there")]
    assert changes.gone.keys() == {("plan", second.id)}
    assert (await system.changes(changes.position)).records == ()


async def test_expired_feed(firm, system):
    position = await system.position()
    if firm is not None:
        firm.door.fault("feed_gap", "GET /v1/changes")
    assert (await system.changes(position)).expired


async def test_token_renewal(firm):
    system = connect_to(firm, page_size=1)
    if firm is not None:
        firm.door.fault("session_expiry", "GET /v1/plans", after=1)
    pages = [page async for page in system.list("plan")]
    assert [len(page.records) for page in pages] == [1, 1, 1]
    assert system.requests["token"] == 2
    assert system.requests["plans.list"] == 4
    await system.aclose()


async def test_reviewer(firm):
    system = connect_to(firm, "reviewer")
    assert (await system.access()).unwritable == {"": REVIEWER}
    await system.aclose()


async def test_directory(system):
    found, _ = await system.find_groups(name="e")
    assert found
    assert all(account.id and account.name for account in found)


@pytest.mark.vcr("none")
def test_no_cassette_holds_a_secret():
    """Nor a token, nor the port it was recorded on."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml")}
    assert len(texts) >= 8
    for name, text in texts.items():
        assert set(re.findall(r"client_secret=([^&\s'\"]+)", text)) <= {_SCRUBBED}, name
        assert set(re.findall(r"Bearer (?!realm=)([^\s'\"]+)", text)) <= {_SCRUBBED}, name
        assert set(re.findall(r"access_token\W+([\w.-]+)", text)) <= {_SCRUBBED}, name
        assert set(re.findall(r"127\.0\.0\.1:\d+", text)) == {ADDRESS}, name
        assert 'tax_id\\": \\"' not in text, name
