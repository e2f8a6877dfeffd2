"""Engines without one of the fixes that a rude world taught, each with the mischief and the checks that must notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import syncd.sync
from syncd.apply import begin, create, feed, intake, write
from syncd.connectors.files import ids, keys, looks, table
from syncd.reconcile import constrain, identity, missing

from .mutants import nothing_is_recovered

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def readings_are_as_young_as_their_end(patch: Patch) -> None:
    async def nothing(_: Any) -> None:
        return None

    patch.setattr(intake.Intake, "_began", lambda self, _: self.world.store.begin_reading())
    patch.setattr(intake.Intake, "refresh", nothing)


def sources_are_not_read_again(patch: Patch) -> None:
    async def confirmed(*_: Any) -> None:
        return None

    patch.setattr(write, "unconfirmed", confirmed)


def what_comes_back_was_never_away(patch: Patch) -> None:
    patch.setattr(syncd.sync.carried, "meet", lambda *_: None)


def clocks_are_believed(patch: Patch) -> None:
    for module in (syncd.sync, feed):
        patch.setattr(module, "age_s", lambda now, then: now - then)
    patch.setattr(constrain, "is_due", lambda now, at, _: at <= now)


def echoes_are_edits(patch: Patch) -> None:
    patch.setattr(write, "_echoes", lambda found, *_: found)


def all_copies_have_one_marker(patch: Patch) -> None:
    honest = begin.marker_of
    patch.setattr(begin, "marker_of", lambda member: re.sub(r"-[0-9a-f]{8}(?=:)", "", honest(member)))
    patch.setattr(create, "_set_apart", lambda *_: set())


def nothing_is_searched_before_a_create(patch: Patch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    patch.setattr(create, "find_marked", nothing)


def records_never_move(patch: Patch) -> None:
    def nothing(*_: Any) -> Iterator[Any]:
        return iter(())

    patch.setattr(identity, "_moved", nothing)


def an_id_is_the_same_thing_for_ever(patch: Patch) -> None:
    patch.setattr(identity, "_is_another", lambda *_: False)


def a_file_is_believed_at_once(patch: Patch) -> None:
    patch.setattr(looks.Look, "restless_s", lambda *_: 0.0)


def rules_act_at_the_first_look(patch: Patch) -> None:
    patch.setattr(missing, "_BY_RULE", ())


def times_of_files_tell_all(patch: Patch) -> None:
    honest = looks.Look.of
    patch.setattr(looks.Look, "of", lambda status: replace(honest(status), ctime_ns=0, inode=0))


def lost_keys_are_empty(patch: Patch) -> None:
    patch.setattr(keys.Keys, "gone", lambda *_: [])


def seen_ids_are_forgotten(patch: Patch) -> None:
    honest = ids.Ids.next
    patch.setattr(ids.Ids, "see", lambda *_: None)
    patch.setattr(ids.Ids, "next", lambda self, path, taken, _: honest(self, path, taken, taken))


def every_encoding_is_the_one_that_was_set(patch: Patch) -> None:
    honest = table.decoded

    def believing(data: bytes, settings: Any) -> Any:
        if settings.encoding == "utf-8":
            return honest(data, settings)
        return False, data.decode(settings.encoding).splitlines(keepends=True)

    patch.setattr(table, "decoded", believing)


RUDE: list[tuple[Mutant, str, str]] = [
    (readings_are_as_young_as_their_end, "overlap", "p29"),
    (sources_are_not_read_again, "stale", "p33"),
    (what_comes_back_was_never_away, "rows", "p30 p5"),
    (what_comes_back_was_never_away, "new-row", "p30 p5"),
    (what_comes_back_was_never_away, "swap", "p30"),
    (clocks_are_believed, "clock", "p35 p5"),
    (echoes_are_edits, "tidy", "p32 p14"),
    (all_copies_have_one_marker, "copies", "p31 p11"),
    (nothing_is_searched_before_a_create, "restore", "p11"),
    (records_never_move, "move", "p34"),
    (an_id_is_the_same_thing_for_ever, "reuse", "p34"),
    (a_file_is_believed_at_once, "half", "p15"),
    (rules_act_at_the_first_look, "half", "p15"),
    (times_of_files_tell_all, "same-time", "p2 p5 p13"),
    (lost_keys_are_empty, "renamed", "p3"),
    (seen_ids_are_forgotten, "drop-ids", "p31"),
    (every_encoding_is_the_one_that_was_set, "encoding", "p3"),
    (nothing_is_recovered, "disk", "p5 p11 p23"),
]
"""Each with the one knob that shows it, and the properties that notice, within 500 histories."""
