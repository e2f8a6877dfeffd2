"""The in-memory system: as any connector, and then every way in which it can misbehave."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise
from random import Random

import orjson
import pytest

from syncd.connectors.memory import REMOVE, Behaviour, MemorySystem, Settings, connect
from syncd.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    RefusedError,
    StaleWriteError,
    SyncdError,
    TransientError,
    UnknownOutcomeError,
)
from syncd.model.records import Gone, NotSeen, Part, PartCreate, PartWrite, Present
from tests.connectors.contract import ConnectorContract

PLAN = {"details.name": "Gold", "details.note": "kept", "rates[2026-01-01].ee": "512.40"}


def system_of(behaviour=None, *, records=None, **named):
    system = MemorySystem("crm", behaviour or Behaviour(), **named)
    for record_id, data in (records or {"p1": PLAN}).items():
        system.put_record("plan", record_id, data, group="g1")
    return system


async def part_of(system, record_id="p1", index=0):
    return (await system.read("plan", record_id)).record.parts[index]


async def write(system, changes, record_id="p1", before=None, index=0):
    part = before or await part_of(system, record_id, index)
    after = {key: value for key, value in {**part.data, **changes}.items() if value is not REMOVE}
    await system.write(PartWrite("plan", record_id, part, after))


async def create(system, data=None, marker="m1"):
    return await system.create(PartCreate("plan", "g1", (Part("record", "", data or PLAN),), marker))


def plan(system, record_id="p1"):
    return system.content()["plan"].get(record_id)


async def pages_of(system):
    return [([record.id for record in page.records], page.last) async for page in system.list("plan")]


# --- as any connector ------------------------------------------------------------------------------------------------


class MemoryContract(ConnectorContract):
    kind, group = "plan", "g1"
    behaviour = Behaviour()

    async def open(self, tmp_path):
        return system_of(self.behaviour, records=dict.fromkeys(self.ids, PLAN))

    async def edit_there(self, connector, record_id):
        connector.edit("plan", record_id, {"details.name": "Edited there"})

    async def remove_there(self, connector, record_id):
        connector.remove("plan", record_id)

    def changed(self, data):
        return {**data, "details.name": "Silver"}

    def new_parts(self):
        return (Part("record", "", {"details.name": "New", "details.note": "also"}),)

    async def break_listing(self, connector):
        connector.faults.set("list", "partial")
        return True


class TestPlain(MemoryContract):
    pass


class TestEtagAndParts(MemoryContract):
    behaviour = Behaviour(versions="etag", parts={"rates": "rates"}, read_only=("eligibility",), page_size=2)

    def refused(self, data):
        return {**data, "eligibility.rule": "none"}


class TestLying(MemoryContract):
    behaviour = Behaviour(versions="lying", end_sets={"details.status": "T"})


class TestReadOnly(MemoryContract):
    behaviour = Behaviour(create=False, update=False, end=False, marker=False)


# --- listings --------------------------------------------------------------------------------------------------------

THREE = {"p1": PLAN, "p2": PLAN, "p3": PLAN}


@pytest.mark.parametrize(
    ("fault", "named", "pages", "raises"),
    [
        ("partial", {}, [(["p1"], False)], None),
        ("partial", {"omit": ["p1"]}, [(["p2", "p3"], False)], None),
        ("empty", {}, [([], True)], None),
        ("short", {"omit": ["p2"]}, [(["p1", "p3"], True)], None),
        ("error", {}, [(["p1"], False)], TransientError),
        ("error", {"error": AuthError}, [(["p1"], False)], AuthError),
    ],
)
async def test_a_listing_fails_as_told_and_reads_stay_true(fault, named, pages, raises):
    system = system_of(records=THREE)
    system.faults.set("list", fault, times=1, **named)
    seen = []
    caught = None
    try:
        async for page in system.list("plan"):
            seen += [([record.id for record in page.records], page.last)]
    except ConnectorError as error:
        caught = type(error)
    assert (seen, caught) == (pages, raises)
    for record_id in THREE:
        assert isinstance(await system.read("plan", record_id), Present)
    assert await pages_of(system) == [(["p1", "p2", "p3"], True)]


async def test_a_listing_shows_what_was_there_when_it_began():
    system = system_of(Behaviour(page_size=1), records=THREE)
    seen = []
    async for page in system.list("plan"):
        seen += [record.id for record in page.records]
        if len(seen) == 1:
            system.remove("plan", "p3")
    assert seen == ["p1", "p2", "p3"]


async def test_an_empty_system_lists_one_last_page():
    assert await pages_of(MemorySystem("crm")) == [([], True)]


async def test_a_seed_mixes_listings_the_same_way_each_time():
    one, two = (system_of(records={f"p{n}": PLAN for n in range(20)}, shuffle=Random(7)) for _ in "ab")
    first, second = await pages_of(one), await pages_of(one)
    assert [first, second] == [await pages_of(two), await pages_of(two)]
    assert first != second
    assert sorted(first[0][0]) == sorted(second[0][0])


# --- writes that go wrong --------------------------------------------------------------------------------------------

OLD, NEW = {"a": "1", "b": "1"}, {"a": "2", "b": "2"}
SENT = ["before_send"]
APPLIED = [*SENT, "after_send"]


@pytest.mark.parametrize(
    ("fault", "named", "content", "raises", "moments", "writes"),
    [
        (None, {}, NEW, None, [*APPLIED, "after_reply"], 1),
        ("fail", {}, OLD, TransientError, [*SENT, "after_reply"], 0),
        ("fail", {"error": RefusedError}, OLD, RefusedError, [*SENT, "after_reply"], 0),
        ("fail_after", {}, NEW, UnknownOutcomeError, [*APPLIED, "after_reply"], 1),
        ("half", {}, {"a": "2", "b": "1"}, UnknownOutcomeError, [*APPLIED, "after_reply"], 1),
        ("half", {"silent": True}, {"a": "2", "b": "1"}, None, [*APPLIED, "after_reply"], 1),
        ("lost_reply", {}, NEW, UnknownOutcomeError, APPLIED, 1),
    ],
)
async def test_a_write_fails_as_told(fault, named, content, raises, moments, writes):
    system = system_of(records={"p1": OLD})
    part = await part_of(system)
    heard = []
    system.on_effect = lambda moment, operation: heard.append((moment, operation))
    if fault:
        system.faults.set("write", fault, times=1, **named)
    caught = None
    try:
        await write(system, NEW, before=part)
    except SyncdError as error:
        caught = type(error)
    assert (plan(system), caught, system.writes) == (content, raises, writes)
    assert heard == [(moment, "write") for moment in moments]
    await write(system, {"c": "3"})
    assert plan(system)["c"] == "3"


@pytest.mark.parametrize(("fault", "made"), [("fail", 0), ("fail_after", 1), ("lost_reply", 1), ("half", 1)])
async def test_a_create_fails_as_writes_do(fault, made):
    system = MemorySystem("crm")
    system.faults.set("write", fault, times=1)
    with pytest.raises(TransientError):
        await create(system)
    assert len(await system.find_marked("plan", "g1", "m1")) == system.writes == made


async def test_a_fault_of_create_leaves_writes_alone_and_faults_follow_each_other():
    system = system_of()
    system.faults.set("create", "fail", times=2)
    await write(system, {"details.name": "x"})
    for _ in range(2):
        with pytest.raises(TransientError):
            await create(system)
    await create(system)
    system.faults.set("write", "fail", times=1)
    system.faults.set("write", "lost_reply")
    with pytest.raises(TransientError) as first:
        await write(system, {"details.name": "y"})
    for _ in range(2):
        with pytest.raises(UnknownOutcomeError):
            await write(system, {"details.name": "z"})
    assert type(first.value) is TransientError
    system.faults.clear("write")
    await write(system, {"details.name": "w"})


@pytest.mark.parametrize("operation", ["read", "find", "access"])
async def test_other_operations_fail_too(operation):
    system = system_of()
    system.faults.set(operation, "error", times=1)
    call = {
        "read": lambda: system.read("plan", "p1"),
        "find": lambda: system.find_marked("plan", None, "m"),
        "access": system.access,
    }[operation]
    with pytest.raises(TransientError) as caught:
        await call()
    assert caught.value.system == "crm"
    await call()


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ConfigError, match="no fault write: partial") as caught:
        MemorySystem("crm").faults.set("write", "partial")
    assert "lost_reply" in caught.value.hint


@pytest.mark.parametrize(("moment", "applied"), [("before_send", False), ("after_send", True), ("after_reply", True)])
@pytest.mark.parametrize("operation", ["write", "create", "end"])
async def test_a_caller_killed_at_a_moment_leaves_the_vendor_as_it_was_then(moment, applied, operation):
    class KilledError(BaseException):
        pass

    def kill(at, during):
        if (at, during) == (moment, operation):
            raise KilledError

    system = system_of(on_effect=kill)
    part = await part_of(system)
    call = {
        "write": lambda: write(system, {"details.name": "x"}, before=part),
        "create": lambda: create(system),
        "end": lambda: system.end("plan", "p1"),
    }[operation]
    before = copy.deepcopy(system.content())
    with pytest.raises(KilledError):
        await call()
    assert (system.content() != before) == applied
    assert system.writes == int(applied)


async def test_reads_are_heard_after_each_answer():
    heard = []
    system = system_of(Behaviour(page_size=1), records=THREE, on_effect=lambda *told: heard.append(told))
    await pages_of(system)
    await system.read("plan", "p1")
    await system.find_marked("plan", None, "m")
    assert heard == [("read", "list")] * 3 + [("read", "read"), ("read", "find")]
    assert system.requests == {"list": 3, "read": 1, "find": 1}


async def test_people_may_edit_while_a_write_is_under_way():
    system = system_of(Behaviour(versions="etag"))
    part = await part_of(system)
    system.on_effect = lambda moment, _: (
        moment == "before_send" and system.edit("plan", "p1", {"details.name": "theirs"})
    )
    with pytest.raises(StaleWriteError):
        await write(system, {"details.name": "ours"}, before=part)
    assert plan(system)["details.name"] == "theirs"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "changes", "said"),
    [
        ({"update": False}, {"details.name": "x"}, "updates are not allowed"),
        ({"read_only": ("rates",)}, {"rates[2026-01-01].ee": "1"}, "read-only"),
        ({"read_only": ("rates",)}, {"rates[2027-01-01].ee": "1"}, "read-only"),
        ({"read_only": ("rates",)}, {"rates[2026-01-01].ee": REMOVE}, "read-only"),
        ({"writable": ("details",)}, {"rates[2026-01-01].ee": "1"}, "read-only"),
        ({"writable": ("details.note",)}, {"details.name": "x"}, "read-only"),
        ({"carries": ("details", "rates")}, {"benefits.x": "1"}, "no such field"),
        ({"parts": {"rates": "rates"}}, {"rates[2026-01-01].ee": "1"}, "not a field of the part record"),
    ],
)
async def test_a_write_outside_what_is_taken_is_refused_whole(behaviour, changes, said):
    system = system_of(Behaviour(**behaviour))
    before = plan(system)
    with pytest.raises(RefusedError, match=said):
        await write(system, {"details.note": "also", **changes})
    assert plan(system) == before
    assert system.writes == 0


async def test_a_locked_record_gives_its_reason():
    system = system_of()
    system.lock("plan", "p1", {"rates": "confirmed by the carrier"})
    assert (await system.read("plan", "p1")).record.locked == {"rates": "confirmed by the carrier"}
    with pytest.raises(RefusedError, match="confirmed by the carrier"):
        await write(system, {"rates[2026-01-01].ee": "1"})
    await write(system, {"details.name": "x"})
    system.lock("plan", "p1", {})
    await write(system, {"rates[2026-01-01].ee": "1"})


async def test_access_names_what_is_closed():
    access = await system_of(
        Behaviour(read_only=("rates[2026-01-01]",), writable=("details", "rates"), carries=("details", "rates"))
    ).access()
    assert set(access.unwritable) == {"rates[2026-01-01]", "benefits", "contributions", "eligibility"}
    assert set(access.unreadable) == {"benefits", "contributions", "eligibility"}


# --- versions --------------------------------------------------------------------------------------------------------


async def tokens(system, *, edits):
    seen = []
    for edit in edits:
        if edit:
            system.edit("plan", "p1", {"details.name": edit})
        seen.append((await part_of(system)).version)
    return seen


@pytest.mark.parametrize(
    ("versions", "new_token"),
    [
        ("none", [False, False, False, False]),
        ("etag", [True, False, True, False]),
        ("stuck", [False, False, False, False]),
        ("restless", [True, True, True, True]),
        ("lying", [True, False, True, False]),
    ],
)
async def test_a_token_changes_when_this_vendor_changes_it(versions, new_token):
    edits = ["", "a", "", "b", ""] if versions == "etag" else ["", "a", "b", "", ""]
    seen = await tokens(system_of(Behaviour(versions=versions)), edits=edits)
    assert [one != two for one, two in pairwise(seen)] == new_token


async def test_a_lying_token_lies_both_ways():
    system = system_of(Behaviour(versions="lying"))
    first, second = await tokens(system, edits=["", ""])
    assert first != second  # and nothing changed
    (third,) = await tokens(system, edits=["edited"])
    assert third == second  # though the content did


async def test_only_the_part_that_changed_has_a_new_token():
    system = system_of(Behaviour(versions="etag", parts={"rates": "rates"}))
    before = (await system.read("plan", "p1")).record.parts
    await write(system, {"rates[2026-01-01].ee": "1"}, index=1)
    after = (await system.read("plan", "p1")).record.parts
    assert before[0] is after[0]
    assert before[1].version != after[1].version
    assert [(part.kind, part.id) for part in after] == [("record", "p1"), ("rates", "p1/rates")]


@pytest.mark.parametrize("versions", ["none", "etag", "lying", "stuck", "restless"])
async def test_a_stated_token_and_time_are_shown(versions):
    system = system_of(Behaviour(versions=versions))
    system.edit("plan", "p1", {}, version="_v 7", modified=1000)
    record = (await system.read("plan", "p1")).record
    assert (record.parts[0].version, record.modified) == ("_v 7", 1000)
    system.edit("plan", "p1", {"details.name": "moved under the old token"})
    assert ((await part_of(system)).version == "_v 7") == (versions != "etag")


async def test_unconditional_etags_let_a_stale_write_through():
    system = system_of(Behaviour(versions="etag", conditional=False))
    part = await part_of(system)
    system.edit("plan", "p1", {"details.name": "theirs"})
    await write(system, {"details.note": "ours"}, before=part)
    assert plan(system)["details.name"] == "Gold"


# --- distortions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "written", "held"),
    [
        ({"decimals": 2}, "1.005", "1.01"),
        ({"decimals": 2}, "-1.005", "-1.01"),
        ({"decimals": 0}, "1.5", "2"),
        ({"decimals": 2}, "1.5", "1.5"),
        ({"decimals": 2}, "1.2.3", "1.2.3"),
        ({"decimals": 2}, 5, 5),
        ({"recase": "upper"}, "Gold plan", "GOLD PLAN"),
        ({"recase": "title"}, "gold plan", "Gold Plan"),
        ({"recase": "lower"}, "GOLD", "gold"),
        ({"recase": "upper", "decimals": 1}, "2.25", "2.3"),
        ({"recase": "upper", "distorts": ("rates",)}, "Gold plan", "Gold plan"),
    ],
)
async def test_what_is_written_is_held_as_this_vendor_holds_it(behaviour, written, held):
    system = system_of(Behaviour(**behaviour), records={"p1": {"details.name": "Old", "details.raw": "as Typed"}})
    await write(system, {"details.name": written})
    assert plan(system) == {"details.name": held, "details.raw": "as Typed"}
    await write(system, {"details.name": held})
    assert plan(system)["details.name"] == held


async def test_people_are_not_distorted():
    system = system_of(Behaviour(decimals=0, recase="upper"))
    system.edit("plan", "p1", {"details.name": "Typed 1.25"})
    assert plan(system)["details.name"] == "Typed 1.25"


# --- late visibility -------------------------------------------------------------------------------------------------


async def test_a_write_is_seen_after_n_further_calls():
    system = system_of(Behaviour(late=2))
    await write(system, {"details.name": "new"})
    assert [(await part_of(system)).data["details.name"] for _ in range(4)] == ["Gold", "Gold", "new", "new"]


async def test_a_create_is_not_listed_found_or_readable_before_n_further_calls():
    system = MemorySystem("crm", Behaviour(late=3))
    record_id = await create(system)
    assert await pages_of(system) == [([], True)]
    assert await system.find_marked("plan", "g1", "m1") == ()
    assert isinstance(await system.read("plan", record_id), NotSeen)
    assert isinstance(await system.read("plan", record_id), Present)
    assert await pages_of(system) == [([record_id], True)]


async def test_two_late_writes_are_seen_one_after_the_other():
    system = system_of(Behaviour(late=2))
    part = await part_of(system)
    await write(system, {"details.name": "one"}, before=part)
    await part_of(system)
    await write(system, {"details.name": "two"}, before=part)
    assert [(await part_of(system)).data["details.name"] for _ in range(3)] == ["Gold", "one", "two"]


async def test_what_people_do_is_seen_at_once_even_over_a_late_write():
    system = system_of(Behaviour(late=5))
    await write(system, {"details.name": "late"})
    system.edit("plan", "p1", {"details.note": "theirs"})
    assert (await part_of(system)).data == {**PLAN, "details.name": "late", "details.note": "theirs"}


async def test_an_old_image_is_stale():
    system = system_of(Behaviour(late=1, versions="etag"))
    await write(system, {"details.name": "new"})
    with pytest.raises(StaleWriteError):
        await write(system, {"details.name": "newer"})
    await write(system, {"details.name": "newer"})


# --- times, ids, the back door ---------------------------------------------------------------------------------------


async def test_times_come_from_the_clock_with_its_skew_or_not_at_all():
    system = system_of(Behaviour(skew_s=7), clock=iter(range(1000, 2000, 10)).__next__)
    assert (await system.read("plan", "p1")).record.modified == 1007
    await write(system, {"details.name": "x"})
    assert (await system.read("plan", "p1")).record.modified == 1017
    silent = system_of()
    silent.edit("plan", "p1", {"details.name": "x"}, modified=5)
    silent.edit("plan", "p1", {"details.name": "y"})
    assert (await silent.read("plan", "p1")).record.modified is None


async def test_a_reassigned_id_takes_its_marker_along_and_the_old_one_is_gone():
    system = MemorySystem("crm", Behaviour(versions="etag"))
    old = await create(system)
    system.reassign_id("plan", old, "new")
    assert isinstance(await system.read("plan", old), Gone)
    (found,) = await system.find_marked("plan", "g1", "m1")
    assert (found.id, found.parts[0].id, plan(system, "new")) == ("new", "new", PLAN)


def test_plans_follow_a_group_that_gets_a_new_id():
    system = system_of()
    system.put_record("group", "g1", {"name": "Acme"})
    system.reassign_id("group", "g1", "g9")
    assert system.record("plan", "p1").group == "g9"


async def test_a_removed_record_takes_its_marker_along():
    system = MemorySystem("crm")
    record_id = await create(system)
    system.remove("plan", record_id)
    system.put_record("plan", record_id, PLAN, group="g1")
    assert await system.find_marked("plan", "g1", "m1") == ()


async def test_new_ids_pass_over_those_that_exist():
    system = system_of(records={"crm-1": PLAN})
    assert [await create(system), await create(system)] == ["crm-2", "crm-3"]


def test_edit_removes_keys_and_keeps_empty_ones():
    system = system_of()
    system.edit("plan", "p1", {"details.note": REMOVE, "details.name": None})
    assert plan(system) == {"details.name": None, "rates[2026-01-01].ee": "512.40"}


@pytest.mark.parametrize("call", ["edit", "remove", "reassign_id", "lock"])
def test_the_back_door_names_what_is_not_there(call):
    system = system_of()
    arguments = {"edit": ({},), "remove": (), "reassign_id": ("new",), "lock": ({},)}[call]
    with pytest.raises(ConfigError, match="crm nobody: there is no plan with this id"):
        getattr(system, call)("plan", "nobody", *arguments)


def test_the_back_door_takes_no_field_that_the_vendor_does_not_hold():
    system = MemorySystem("crm", Behaviour(carries=("details",)))
    with pytest.raises(ConfigError, match=r"rates\[2026-01-01\].ee: crm carries only details"):
        system.put_record("plan", "p1", PLAN)
    with pytest.raises(ConfigError, match="there is a plan p1 already"):
        system_of(records=THREE).reassign_id("plan", "p2", "p1")


def test_content_is_a_copy():
    system = system_of()
    system.content()["plan"]["p1"]["details.name"] = "x"
    assert plan(system)["details.name"] == "Gold"


# --- shared data -----------------------------------------------------------------------------------------------------


async def test_records_are_shared_and_cannot_be_changed():
    system = system_of(records={"p1": {"details.list": [{"a": [1]}], "details.map": {"b": 2}}})
    part = await part_of(system)
    assert part is await part_of(system)
    for change in (
        lambda: part.data.update(x=1),
        lambda: part.data.pop("details.map"),
        part.data["details.map"].clear,
        lambda: part.data["details.list"].append(1),
        part.data["details.list"][0]["a"].sort,
    ):
        with pytest.raises(TypeError, match="copy it with"):
            change()


async def test_shared_data_is_still_plain_data():
    data = {"details.list": [{"a": [1]}], "details.map": {"b": 2}}
    held = (await part_of(system_of(records={"p1": data}))).data
    assert held == data
    assert orjson.loads(orjson.dumps(held)) == data
    assert pickle.loads(pickle.dumps(held)) == copy.deepcopy(held) == data
    assert type({**held}) is dict


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_describe_a_system():
    settings = Settings.model_validate(
        {"behaviour": {"versions": "etag"}, "records": {"plan": {"p1": {"name": "Gold", "group_id": "g1"}}}}
    )
    system = connect("crm", settings)
    assert system.behaviour == Behaviour(versions="etag")
    assert system.record("plan", "p1").group == "g1"
    assert system.writes == 0


@pytest.mark.parametrize("behaviour", [{"version": "etag"}, {"versions": "etags"}, {"late": "soon"}])
def test_settings_refuse_what_no_vendor_is(behaviour):
    with pytest.raises(ValueError, match="behaviour"):
        Settings.model_validate({"behaviour": behaviour})
