"""BenefitPoint replayed: what it said to our sandbox's address once, with the network blocked.

Recorded anew with `pytest tests/connectors/test_benefitpoint_cassettes.py --record-mode=rewrite -n0`: then, and only
then, a sandbox is started. They tell apart a change of ours from a change of the sandbox.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncd.connectors.base import Note
from syncd.connectors.benefitpoint import Settings, connect
from syncd.connectors.benefitpoint.rights import COMMISSION_HIDDEN
from syncd.errors import RefusedError, StaleWriteError
from syncd.mapping.load import load_mapping
from syncd.model.records import Gone, NotSeen, Part, PartWrite
from syncd.model.values import Unparsed
from tests.connectors.benefitpoint_world import ACCOUNT, CLASSES, EXTRA, QUOTED, TWICE, brokerage, held, parts, write
from tests.connectors.soap_body import SCRUBBED, canonical, scrubbed
from tests.connectors.test_benefitpoint import DEDUCTIBLE, PAID_BY, create_of, new_product

FOLDER = Path(__file__).parents[2] / "cassettes" / "benefitpoint"
ADDRESS = "127.0.0.1:8802"

pytestmark = [pytest.mark.vcr, pytest.mark.block_network]


def _plain_request(request):
    """Record neither the back door, nor the port that this sandbox happened to get, nor a secret."""
    if "/__sandbox/" in request.uri:
        return None
    request.uri = re.sub(r"127\.0\.0\.1:\d+", ADDRESS, request.uri)
    request.body = scrubbed(request.body)
    return request


def _plain_response(response):
    """Scrub session ids and tax ids, and what says when it was recorded."""
    body = scrubbed(response["body"].get("string", b""))
    response["body"]["string"] = body
    kept = {name: values for name, values in response["headers"].items() if name.lower() not in ("date", "set-cookie")}
    response["headers"] = {
        name: [str(len(body))] if name.lower() == "content-length" else values for name, values in kept.items()
    }
    return response


@pytest.fixture(scope="module")
def vcr_config():
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "soap_body"],
        "filter_headers": ["host", "content-length"],
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
    """The small brokerage, in a sandbox that runs only while cassettes are recorded."""
    if record_mode == "none":
        yield None
        return
    with brokerage() as world:
        yield world


@pytest.fixture
async def world(recorded, vcr):
    """None while replaying. Every request of a cassette is asked for."""
    if recorded is not None:
        recorded.restore()
    yield recorded
    assert recorded is not None or vcr.all_played


@pytest.fixture
async def system(world):
    made = connect_to(world)
    yield made
    await made.aclose()


def connect_to(world, **more):
    if world is not None:
        return world.connect(**more)
    settings = {"base_url": f"http://{ADDRESS}/aptusConnect", "username": "ws.syncd@example-brokerage.test"}
    return connect("crm", Settings(**settings, password=SCRUBBED, **more))


async def test_listing(system):
    lens = load_mapping("benefitpoint").lens("plan")
    pages = [page async for page in system.list("plan", [ACCOUNT])]
    assert [(len(page.records), page.last) for page in pages] == [(3, False), (0, True)]
    flats = {record.id: lens.get(record) for page in pages for record in page.records}
    assert sorted(flats) == sorted((CLASSES, QUOTED, TWICE))
    assert not any(isinstance(value, Unparsed) for flat in flats.values() for value in flat.values())


async def test_accounts(system):
    (page,) = [page async for page in system.list("group")]
    assert page.last
    found, _ = await system.find_groups(number=page.records[0].parts[0].data["groupAccountInfo"][
        "commonGroupAccountInfo"]["brokerageAccountInfo"]["accountNumber"])  # fmt: skip
    assert [account.id for account in found] == [page.records[0].id]


async def test_read(world, system):
    record = await held(system, TWICE)
    assert [part.kind for part in record.parts] == ["product", "summary", "summary"]
    assert isinstance(await system.read("plan", EXTRA), NotSeen)
    if world is not None:
        world.door.delete("plan", TWICE)
    answer = await system.read("plan", TWICE)
    assert isinstance(answer, Gone)
    assert "does not list it any more" in answer.evidence


async def test_write(system):
    record = await held(system, TWICE)
    await write(system, record, record.parts[0], name="Ours")
    with pytest.raises(StaleWriteError):
        await write(system, record, record.parts[0], name="Ours, again")
    after = await held(system, TWICE)
    assert dict(after.parts[0].data) == {**record.parts[0].data, "name": "Ours"}
    with pytest.raises(RefusedError, match="no call that writes"):
        await system.write(PartWrite("plan", TWICE, Part("rate", "1", {}), {}))


async def test_write_benefits(system):
    record = await held(system, CLASSES)
    (part,) = parts(record, "summary")
    wanted = {**part.data["_benefits"], DEDUCTIBLE: {**part.data["_benefits"][DEDUCTIBLE], "In Network": "$1,750"}}
    await write(system, record, part, _benefits=wanted)
    (after,) = parts(await held(system, CLASSES), "summary")
    assert after.data["_benefits"] == wanted


async def test_create(system):
    with pytest.raises(RefusedError, match="who pays the commission"):
        await system.create(create_of(new_product()))
    await system.settle(ACCOUNT, PAID_BY)
    made = await system.create(create_of(new_product()))
    (found,) = await system.find_marked("plan", ACCOUNT, "syncd:l1:crm")
    assert found.id == made


async def test_refused_create(world, system):
    await system.settle(ACCOUNT, PAID_BY)
    if world is not None:
        world.door.fault("validation_errors", "createProduct")
    with pytest.raises(RefusedError) as caught:
        await system.create(create_of(new_product()))
    assert ";" in caught.value.message


async def test_feed(world, system):
    await held(system, TWICE)
    position = await system.position()
    if world is not None:
        world.door.call("POST", "clock", {"advance_s": 5})
        world.door.edit("plan", TWICE, {"name": "Edited there"})
        world.door.call("POST", "clock", {"advance_s": 5})
    changes = await system.changes(position, [ACCOUNT])
    assert [(record.id, record.parts[0].data["name"]) for record in changes.records] == [(TWICE, "Edited there")]
    assert (await system.changes(changes.position, [ACCOUNT])).records == ()


async def test_expired_feed(world, system):
    position = await system.position()
    if world is not None:
        world.door.call("POST", "clock", {"advance_s": 31 * 86_400})
    assert (await system.changes(position, [ACCOUNT])).expired


async def test_session_renewal(world, system):
    record = await held(system, TWICE)
    if world is not None:
        world.door.fault("session_expiry", "getProduct")
    assert await held(system, TWICE) == record
    assert system.client.http.requests["login"] == 2


async def test_hidden_commissions(world, system):
    record = await held(system, TWICE)
    if world is not None:
        world.switch(rights__revenue=False)
    assert (await system.access()).unwritable == {"details": COMMISSION_HIDDEN}
    with pytest.raises(RefusedError, match="would blank it"):
        await write(system, record, record.parts[0], name="Ours")


async def test_note(system):
    note = Note(ACCOUNT, "syncd-h-1", "Enter a rate", "EE Only 640.10 from 2027-01-01")
    assert await system.find_note(ACCOUNT, note.marker) is None
    made = await system.write_note(note)
    assert await system.find_note(ACCOUNT, note.marker) == (made, note)


async def test_update_note(system):
    note = Note(ACCOUNT, "syncd-h-2", "Enter a rate", "EE Only 640.10 from 2027-01-01")
    made = await system.write_note(note)
    newer = Note(ACCOUNT, note.marker, note.subject, "EE Only 655.00 from 2027-01-01", done=True)
    assert await system.write_note(newer, made) == made
    assert await system.find_note(ACCOUNT, note.marker) == (made, newer)


async def test_update_account(world, system):
    """V1: the vendor's null of a required field, in a class and in the account, goes back as read."""
    if world is not None:
        nulls = {"businessType": None, "accountClasses": [{"classID": 1, "name": ""}]}
        world.door.edit("account", ACCOUNT, {"groupAccountInfo": nulls})
    record = await held(system, ACCOUNT, "group")
    await write(system, record, record.parts[0], notes="Ours")
    after = await held(system, ACCOUNT, "group")
    assert dict(after.parts[0].data) == {**record.parts[0].data, "notes": "Ours"}


async def test_create_summary(world, system):
    if world is not None:
        tables = world.door.snapshot()["tables"]
        for kind in ("rate", "benefit_summary"):
            for key in [key for key, one in tables[kind].items() if str(one["productID"]) == CLASSES]:
                world.door.delete(kind, key)
    record = await held(system, CLASSES)
    assert parts(record, "summary") == []
    new = Part("summary", "", {})
    await system.write(PartWrite("plan", CLASSES, new, {"_benefits": {DEDUCTIBLE: {"In Network": "$900"}}}))
    (made,) = parts(await held(system, CLASSES), "summary")
    assert made.data["_benefits"][DEDUCTIBLE]["In Network"] == "$900"


async def test_marker_field(world):
    system = connect_to(world, marker="custom_field", marker_field="External Reference")
    await system.settle(ACCOUNT, PAID_BY)
    made = await system.create(create_of(new_product()))
    (found,) = await system.find_marked("plan", ACCOUNT, "syncd:l1:crm")
    assert found.id == made
    await system.aclose()


@pytest.mark.vcr("none")
def test_every_call_that_changes_something_has_its_cassette():
    """V1: what is sent by each call that writes, and what names the custom fields, stands in a cassette."""
    said = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml"))
    updates = {"updateAccount", "updateProduct", "updateBenefitSummary", "updateActivityLogRecord"}
    creates = {"createProduct", "createBenefitSummary", "createActivityLogRecord"}
    calls = {"findChanges", "getCustomFieldStructure", *updates, *creates}
    assert [name for name in sorted(calls) if f"/{name}" not in said] == []


@pytest.mark.vcr("none")
def test_no_cassette_holds_a_secret():
    """Nor a session, nor the port it was recorded on."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml")}
    assert len(texts) >= 12
    for name, text in texts.items():
        secrets = re.findall(r"<(?:sessionI[dD]|password|taxpayerID|ssn)>([^<]*)<", text)
        assert set(secrets) <= {SCRUBBED}, name
        assert set(re.findall(r"127\.0\.0\.1:\d+", text)) == {ADDRESS}, name


@pytest.mark.vcr("none")
def test_requests_match_by_what_they_ask():
    """Session, prefix and blanks between elements mean nothing; another value does."""

    def envelope(prefix, session, name):
        return (
            f'<{prefix}:Envelope xmlns:{prefix}="http://schemas.xmlsoap.org/soap/envelope/"><{prefix}:Header>{session}'
            f'</{prefix}:Header><{prefix}:Body><b:f xmlns:b="urn:b"><name>{name}</name></b:f></{prefix}:Body>'
            f"</{prefix}:Envelope>"
        )

    first = canonical(envelope("s", "<sessionId>one</sessionId>", "x"))
    assert first == canonical(envelope("s", "", "x").encode())
    assert first != canonical(envelope("s", "", "y"))
    assert canonical("<password>p</password>") == b"<password>redacted</password>"
    assert canonical(None) == b""
