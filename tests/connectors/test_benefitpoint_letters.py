"""A letter that XML 1.0 has no place for takes out the one record that holds it, and that by name.

Java and .NET send such a letter as a reference (`&#11;`), which no XML parser takes: so the sandbox does.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.connectors.base import Note
from syncd.connectors.benefitpoint.contract import PACKAGED, load
from syncd.connectors.benefitpoint.soap import body_of, given_back
from syncd.connectors.http import Reply
from syncd.errors import RefusedError, TransientError
from syncd.mapping.load import load_mapping
from syncd.model.cost_share import parse
from syncd.model.records import NotSeen, PartWrite
from tests.connectors.benefitpoint_world import ACCOUNT, CLASSES, OTHERS, QUOTED, TWICE, World, brokerage, held, write

SPELLED = [
    ("\x0b", "U+000B"),
    ("&#11;", "U+000B"),
    ("&#x0B;", "U+000B"),
    ("&#0;", "U+0000"),
    ("&#xFFFE;", "U+FFFE"),
    ("\x1f", "U+001F"),
    ("&#xD83D;", "U+D83D"),
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with brokerage() as made:
        yield made


@pytest.fixture
async def system(world):
    world.restore()
    made = world.connect()
    yield made
    await made.aclose()


def reply(name: str) -> Reply:
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    body = f'<ns:getProductResponse xmlns:ns="urn:x"><result><name>{name}</name></result></ns:getProductResponse>'
    text = f'<s:Envelope xmlns:s="{soap}"><s:Body>{body}</s:Body></s:Envelope>'
    return Reply(200, {}, text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(("written", "letter"), SPELLED)
def test_a_letter_that_xml_lacks_is_read_as_it_is(written, letter):
    """B8: written out or as a reference, such a letter does not make the reply unreadable, and is what it is."""
    contract = load(PACKAGED / "BrokerConnectV4.wsdl")
    read = contract.reply("getProduct", body_of(reply(f"High{written}Öption&#65;"), "getProduct", "read"))
    assert read["result"]["name"] == f"High{chr(int(letter.removeprefix('U+'), base=16))}ÖptionA"


def test_what_is_broken_otherwise_stays_so():
    """B8: a reply that is cut or has a reference to nothing is no reply, with or without such a letter."""
    with pytest.raises(TransientError, match="no SOAP reply"):
        body_of(reply("High&#11;</nam"), "getProduct", "read")
    with pytest.raises(TransientError, match="no SOAP reply"):
        body_of(reply("&#99999999;"), "getProduct", "read")
    assert given_back("Ñandú \U0001f600") == "Ñandú \U0001f600"


@pytest.mark.parametrize(
    ("kind", "record", "changes", "where"),
    [
        ("plan", TWICE, {"name": "Orchard\x0bPlan"}, "product 1404819: name holds U+000B"),
        ("plan", TWICE, {"planInfo": {"notes": "\x00"}}, "planInfo.notes holds U+0000"),
        ("plan", TWICE, {"policyNumber": "\x1b[31m"}, "policyNumber holds U+001B"),
    ],
)
async def test_one_plan_is_out_and_all_others_are_read(world, system, kind, record, changes, where):
    """B8: one plan whose text holds such a letter is named with it; the plans beside it are listed and read."""
    world.door.edit(kind, record, changes)
    pages = [page async for page in system.list("plan", [ACCOUNT])]
    assert {one.id for page in pages for one in page.records} == {CLASSES, QUOTED}
    ((told, why),) = [item for page in pages for item in page.unreadable.items()]
    assert (told, where in why) == (record, True), why
    assert pages[-1].last
    answer = await system.read("plan", record)
    assert isinstance(answer, NotSeen)
    assert answer.unreadable
    assert where in answer.why


async def test_one_account_is_out_and_all_others_are_read(world, system):
    """B8: the same for accounts, whose names stand in every listing; the directory goes on, too."""
    world.door.edit("account", OTHERS[0], {"groupAccountInfo": {"accountName": "Mill\x0c"}})
    (page,) = [page async for page in system.list("group")]
    assert {one.id for one in page.records} == {ACCOUNT, OTHERS[1]}
    assert "U+000C" in page.unreadable[OTHERS[0]]
    found, _ = await system.find_groups(name="Idaho")
    assert [one.id for one in found] == [ACCOUNT]


async def test_the_feed_names_it_too(world, system):
    """B8: a plan that gets such a letter is told by the feed as unreadable, once with its letter."""
    await held(system, TWICE)
    position = await system.position()
    world.door.call("POST", "clock", {"advance_s": 5})
    world.door.edit("plan", TWICE, {"name": "Orchard\x0bPlan"})
    world.door.edit("plan", QUOTED, {"name": "Well"})
    world.door.call("POST", "clock", {"advance_s": 5})
    changes = await system.changes(position, [ACCOUNT])
    assert [one.id for one in changes.records] == [QUOTED]
    assert {key: "U+000B" in why for key, why in changes.unreadable.items()} == {("plan", TWICE): True}


async def test_a_carrier_with_such_a_name_takes_out_its_plans_alone(world, system):
    """B8: a letter that comes into a record by a name elsewhere is found as well."""
    record = await held(system, TWICE)
    number = record.parts[0].data["carrierID"]
    carriers = await system.structures.carriers()
    carriers[number] = {**carriers[number], "carrierName": "Regence\x01"}
    pages = [page async for page in system.list("plan", [ACCOUNT])]
    hurt = {one for page in pages for one in page.unreadable}
    assert TWICE in hurt
    assert len(hurt) + sum(len(page.records) for page in pages) == 3


async def test_what_cannot_be_sent_is_refused_by_name(system):
    """B8: should such a letter come to the sending, the refusal names element and letter, and nothing is sent."""
    record = await held(system, TWICE)
    with pytest.raises(RefusedError, match=r"update\.planInfo\.notes holds U\+000B"):
        await write(system, record, record.parts[0], planInfo={"notes": "a\x0bb"})


async def test_a_note_about_it_is_left_all_the_same(system):
    """B8: a hand-off whose words hold such a letter is left with the letter's name in its place."""
    made = await system.write_note(Note(ACCOUNT, "syncd-h-7", "Enter rates of High\x0bOption", "EE: 12\x00"))
    (found, note) = await system.find_note(ACCOUNT, "syncd-h-7")
    assert (found, note.subject, note.text) == (made, "Enter rates of High<U+000B>Option", "EE: 12<U+0000>")


# --- writing ---------------------------------------------------------------------------------------------------------

COST, SAID = parse("$500 per\x0bmember"), parse("$500 per member")


@pytest.mark.parametrize(
    ("system", "path", "value", "nearest"),
    [
        ("benefitpoint", "details.name", "High\x0bOption", "High Option"),
        ("benefitpoint", "details.name", "High Option\x00", "High Option"),
        (
            "benefitpoint",
            "benefits.deductible.individual.in_network",
            parse("$500 per\x0bmember"),
            parse("$500 per member"),
        ),
        ("perfectquote", "details.name", "High\x0bOption", "High\x0bOption"),
        ("perfectquote", "details.name", "High\ud83dOption", "High Option"),
    ],
)
async def test_a_letter_that_a_system_lacks_is_a_loss_of_its_field(system, path, value, nearest):
    """B8: of a record only the field with the letter is held, and asked about with the nearest text."""
    lens = load_mapping(system).lens("plan")
    assert lens.nearest(path, value) == nearest


async def test_the_fields_beside_it_go_out(system):
    """B8: the policy number that changed together with such a name is written, the name is held with its letter."""
    record = await held(system, TWICE)
    lens = load_mapping("benefitpoint").lens("plan")
    putting = lens.put(record, {"details.name": "High\x0bOption", "details.policy_number": "WA-77"})
    assert list(putting.losses) == ["details.name"]
    assert putting.losses["details.name"].why == "the target has no letter U+000B"
    (part,) = putting.parts
    await system.write(PartWrite("plan", TWICE, record.parts[0], part.data))
    after = await held(system, TWICE)
    assert after.parts[0].data["policyNumber"] == "WA-77"
