# ruff: noqa: E501 - a row of the table is one line
"""Mutate the core, one line at a time: some test must turn red each time, or that line is not held by any.

Each mutation is applied to a copy of the package, in which the named tests run until the first failure. A mutation whose
text is no longer there fails too: it proves nothing any more, and wants to be written anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.prove

ROOT = Path(__file__).resolve().parents[2]
TESTED = ("reconcile", "apply")
FAILED = 1
"""How pytest ends when tests ran and one failed; 2 and more are errors of another kind, which prove nothing."""

MERGE, NORMALISE, CONSTRAIN, DECIDE = "test_merge", "test_normalise", "test_constrain", "test_decide"
MISSING, GUARDS, QUESTIONS, ADOPT = "test_missing", "test_guards", "test_questions", "test_adopt"
WRITE, CREATE, RECOVER, OBSERVE = "test_write", "test_create", "test_recover", "test_observe"
EPOCH = "test_identity_epoch"
FEED, GROUPED, PARTS, NOTES, REFERENCES = "test_feed", "test_by_group", "test_parts", "test_handoff", "test_references"


@dataclass(frozen=True)
class Mutation:
    """One line changed: what it breaks, where, from what to what, and which tests must see it."""

    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def paths(self) -> list[str]:
        folder = self.file.partition("/")[0]
        return [f"tests/{folder}/{name}.py" if "/" not in name else f"tests/{name}.py" for name in self.tests]


def _(why: str, file: str, old: str, new: str, *tests: str) -> Mutation:
    return Mutation(why, file, old, new, tests)


MUTATIONS = [
    # -- merge: who wins
    _("an absent member counts as equal", "reconcile/merge.py", "if len(values) == 1 and not absent:", "if len(values) == 1:", MERGE, DECIDE),
    _("an editor that is behind wins silently", "reconcile/merge.py", "wanted.add(agreed)", "pass", MERGE),
    _("a newcomer wins", "reconcile/merge.py", "if newcomers <= {target}:", "if newcomers:", MERGE),
    _("a newcomer is overruled by rule", "reconcile/merge.py", "if len(known) < len(edits):", "if False:", MERGE),
    _("the oldest edit is the newest", "reconcile/merge.py", "top, winner = ranked[-1]", "top, winner = ranked[0]", MERGE),
    _("two clocks never tie", "reconcile/merge.py", ">= max(SAME_MOMENT_S, skew_s)", ">= 0.0", MERGE),
    _("a missing time is no time", "reconcile/merge.py", "if any(held.stamp is None for held in edits.values()):", "if False:", MERGE),
    _("the newest wins over what it never saw", "reconcile/merge.py", "winner = None if owed else newest(edits, rule.skew_s)", "winner = newest(edits, rule.skew_s)", DECIDE),
    _("drift of a mirror is an edit", "reconcile/merge.py", 'if rule.mode == "mirror" and edits.keys() != {rule.source_of_truth}:', "if False:", MERGE),
    _("two halves make a table", "reconcile/merge.py", "if any(table.whole for table in fits):", "if tables:", MERGE),
    _("a table of two editors is taken cell by cell", "reconcile/merge.py", "if len(tables) <= 1 and not any(", "if not any(", MERGE),
    _("an owner that is behind brings back what nobody wants", "reconcile/merge.py", "Take(agreed if mine.behind and mine.value == mine.base else mine.value,", "Take(mine.value,", DECIDE),
    # -- normalise: what counts as held
    _("our own write is an edit in time", "reconcile/normalise.py", "or stamp == member.own_stamp or", "or", NORMALISE),
    _("who is behind is forgotten", "reconcile/normalise.py", "                path in member.behind,", "                False,", NORMALISE, DECIDE),
    _("ignored fields are merged", "reconcile/normalise.py", "    touched -= view.ignore", "    pass", NORMALISE),
    _("a table is looked at in part", "reconcile/normalise.py", "    if not names:", "    if names:", NORMALISE),
    _("a rounding is an edit", "reconcile/normalise.py", "if other != value and other is not EMPTY and surface.nearest(path, other) == value:", "if False:", NORMALISE),
    _("what nobody edited is an edit once it is read as another value", "reconcile/normalise.py", "base=other if value == held.base else held.base)", "base=held.base)", NORMALISE),
    # -- constrain: what may be written
    _("a blank erases", "reconcile/constrain.py", 'if decision.value is EMPTY and rule.blanks == "keep" and', 'if decision.value is EMPTY and rule.blanks == "none" and', CONSTRAIN),
    _("a renewal is a corrected date", "reconcile/constrain.py", ">= RENEWAL_DAYS", "> RENEWAL_DAYS", CONSTRAIN),
    _("what was not understood is written", "reconcile/constrain.py", "if isinstance(value, Unparsed):", "if False:", CONSTRAIN),
    _("a refused value is not waited for", "reconcile/constrain.py", "if owed.echo is not None or not waits(owed, self._now):", "if True:", CONSTRAIN),
    _("nobody is told of refusals", "reconcile/constrain.py", "if owed.refusals >= REFUSALS_TO_ASK and owed.echo is None:", "if False:", CONSTRAIN),
    _("refusals of another value count", "reconcile/constrain.py", "if value != fields.agreed[path]:", "if False:", CONSTRAIN),
    _("a pause is overlooked when planning", "reconcile/constrain.py", "if system not in self._view.paused:", "if True:", CONSTRAIN),
    _("a hold is overlooked", "reconcile/constrain.py", "if paths.under(path, prefix):", "if False:", CONSTRAIN),
    _("a table is written in part", "reconcile/constrain.py", "        if not blocked:", "        if blocked or not blocked:", CONSTRAIN),
    _("a loss is accepted for another value", "reconcile/constrain.py", 'or answer.digest != digest_of("loss", system, path, value, nearest)', "or False", CONSTRAIN),
    _("a loss needs no word", "reconcile/constrain.py", "if nearest != value and not self._accepts(system, path, value, nearest):", "if False:", CONSTRAIN),
    _("an absent member is owed nothing", "reconcile/constrain.py", "self._owe_absent(member, path, value)", "pass", CONSTRAIN),
    _("a missing member hears of nothing", "reconcile/constrain.py", "for member in (*self._live, *self._missing):", "for member in self._live:", MISSING),
    # -- decide: what is remembered
    _("base := intended", "reconcile/decide.py", "_set(self.bases[system], path, held)", "_set(self.bases[system], path, value)", DECIDE),
    _("an answer counts for whatever is there now", "reconcile/decide.py", "if answer is None or answer.digest != proposal.digest or", "if answer is None or", DECIDE),
    _("the overruled is forgotten", "reconcile/decide.py", "if isinstance(decision, Take) and fields.lost_edit(path, system, value):", "if False:", DECIDE),
    _("an undecided newcomer has agreed", "reconcile/decide.py", "if path not in but and fields.is_newcomer(path, system):", "if False:", DECIDE),
    _("an open question is in step", "reconcile/decide.py", "settled=not (proposals or operations)", "settled=not operations", DECIDE),
    _("a decision raises nothing", "reconcile/decide.py", "            self.raised = True", "            self.raised = False", DECIDE),
    _("who is away loses the conflict", "reconcile/decide.py", "return fields.absent and any(", "return False and any(", "apply/test_questions"),
    _("what a record lacks is a blank", "reconcile/normalise.py", " or path in sight.lacks:", ":", DECIDE),
    _("what a record lacks is owed", "reconcile/constrain.py", ".carries(path) and path not in self._lacks.get(system, ())", ".carries(path)", DECIDE),
    _("a debt stays where there is no place", "reconcile/constrain.py", "if not path or self.carries(member.system, path)}", "}", DECIDE),
    _("a place that comes is no newcomer", "reconcile/decide.py", " | self._lost(member)),", "),", DECIDE),
    _("a place that lacks its field keeps the link open", "reconcile/decide.py", "return not any(self._carries(member, path) for path in member.unseen)", "return not member.unseen", DECIDE),
    _("a decided value is read as an older one", "reconcile/normalise.py", "    if value == agreed:", "    if False:", DECIDE),
    _("a rounded cell is a decision", "reconcile/questions.py", "return held.value if held.value == fields.agreed[path] else", "return", DECIDE, QUESTIONS),
    # -- missing, adopt, suggest, answers
    _("away is gone", "reconcile/missing.py", "if member.system in lost:", "if not isinstance(sight, Seen):", MISSING),
    _("an open create is repeated", "reconcile/missing.py", "    if (link.id, member.system) in view.open_creates:\n        return", "    if False:\n        return", MISSING),
    _("one member is a link", "reconcile/missing.py", "live + awaited > 1", "live + awaited > 0", MISSING),
    _("an answer to other losses is used", "reconcile/missing.py", '(answer.digest != question.digest or answer.choice == "ignore")', 'answer.choice == "ignore"', MISSING),
    _("an end does not wait for a pause", "reconcile/missing.py", "if any(member.system in view.paused for member in live):", "if False:", MISSING),
    _("a blank source erases", "reconcile/adopt.py", 'if value is EMPTY and blanks != "overwrite":', "if False:", ADOPT),
    _("a link that stands is written over", "reconcile/adopt.py", "and stands(made.link.id):", "and False:", ADOPT),
    _("names are evidence", "reconcile/suggest.py", '("details.policy_number",)', '("details.policy_number", "details.name")', ADOPT),
    _("an ignored question comes back", "reconcile/answers.py", 'SILENCING = ("ignore", "reject")', "SILENCING = ()", QUESTIONS),
    _("an echo is sent again", "reconcile/constrain.py", "if owed.echo is not None and owed.echo == held:", "if False:", CONSTRAIN),
    _("an echo is an edit", "apply/write.py", "if path in result.landed or path in result.echoed:", "if path in result.landed:", "test_echo"),
    _("a value that never stays is sent for ever", "apply/write.py", "echo = holds if result.accepted and", "echo = holds if False and", "test_echo"),
    _("what was overtaken is not read again", "apply/intake.py", "if began > self.began):", "if False):", "test_overlap"),
    _("a source is not read again", "apply/write.py", "if source is not None:", "if False:", "test_sources"),
    _("a damaged snapshot decides", "apply/look.py", "if encoding.digest(snapshot.flat, snapshot.lacks) == snapshot.digest:", "if True:", "test_sources"),
    _("a moved question keeps its answer", "reconcile/answers.py", 'elif again.digest != one.proposal.digest or one.status == "decided":', 'elif one.status == "decided":', QUESTIONS),
    _("a look at one link closes the questions of all", "reconcile/answers.py", "if one.proposal.link not in judged or one.id in waits:", "if one.id in waits:", QUESTIONS),
    _("a question that is asked again has its old number", "reconcile/answers.py", "n = last_n.get(stem, 0) + 1", "n = 1", QUESTIONS),
    _("who did not edit is part of the question", "reconcile/questions.py", "        if held.value != held.base", "        if held", QUESTIONS),
    # -- guards
    _("a limit is reached one later", "reconcile/guards/base.py", "affected >= self.share * known", "affected > self.share * known", GUARDS),
    _("an approval has no ceiling", "reconcile/guards/base.py", "if not suspect(write) or key_of(write) in approved:", "if not suspect(write) or approved:", GUARDS),
    _("an approval is never used up", "reconcile/guards/base.py", 'used = (answer.id,) if answer is not None and answer.choice == "approve" else ()', "used: tuple[str, ...] = ()", GUARDS),
    _("a record is ended by nobody", "reconcile/guards/delete.py", 'write.op == "end"', 'write.op == "never"', GUARDS),
    _("an emptied section is cleared", "reconcile/guards/empty_side.py", "and section not in left}", "and section in left}", GUARDS),
    _("an empty listing is believed", "reconcile/guards/empty_side.py", "if NAME in limits.off or sighting.listed or not sighting.known:", "if not sighting.listed:", GUARDS),
    _("another tenant is the same world", "reconcile/guards/scope.py", 'in ("", sighting.fingerprint)', 'in ("", sighting.last_fingerprint)', GUARDS),
    _("a hidden part is empty", "reconcile/guards/permission.py", "    if not hidden:", "    if hidden:", GUARDS),
    _("the hour is forgotten", "reconcile/guards/too_many_changes.py", "+ count > limit.hourly", "+ count > limit.hourly * 99", GUARDS),
    # -- write: what is confirmed
    _("the read-back is skipped: base := intended", "apply/write.py", "landed = frozenset(path for path, value in changes.items() if holds.get(path, EMPTY) == value)", "landed = frozenset(changes)", WRITE),
    _("a blind overwrite", "apply/write.py", "if found.holds != job.seen.flat or", "if", WRITE),
    _("the settle wait is skipped", "apply/write.py", "if end in (End.CONFIRMED, End.NEVER_LANDED) and _still(", "if end in () and _still(", WRITE),
    _("what moved is a refusal", "apply/write.py", "elif result.end not in (End.UNSENT, End.MOVED):", "elif result.end is not End.UNSENT:", WRITE),
    _("a lost reply is a refusal", "apply/write.py", "    if result.end is End.NEVER_LANDED:", "    if False:", WRITE),
    _("a debt is paid by any write", "apply/write.py", "behind[path] = _again(behind.get(path), result, revision, result.holds.get(path, EMPTY))", "behind.pop(path, None)", WRITE),
    _("a pause is overlooked when sending", "apply/write.py", "why = done.away.get(job.system) or pauses.now().get(job.system)", "why = done.away.get(job.system)", WRITE),
    _("what went out and cannot be read was never sent", "apply/write.py", "found = NotSeen(str(error))", "raise", WRITE),
    _("what somebody typed was written by us", "apply/write.py", "if end is End.MOVED:  #", "if False:  #", WRITE),
    _("what others move meanwhile is not looked at again", "apply/write.py", "if found.unmeant or end is End.MOVED:", "if False:", WRITE),
    _("a refusal is tried at once", "apply/write.py", "next_at=result.now + wait_s(refusals), why=result.note,", "next_at=0.0, why=result.note,", WRITE),
    _("the images are not kept", "apply/write.py", "return replace(intent, raw_before=_json(piece.before), raw_after=_json(piece.after))", "return intent", WRITE),
    # -- create, end, recover, begin, observe
    _("a marker is not searched for", "apply/create.py", "return marked[0] if marked else None", "return None", CREATE, "test_one_create"),
    _("one of two lookalikes is taken", "apply/create.py", "return same[0] if len(same) == 1 else None", "return same[0] if same else None", CREATE),
    _("a record of another link is taken", "apply/create.py", "if record.id in taken or (", "if (", CREATE, "test_one_create"),
    _("every decision has one marker", "reconcile/awaited.py", "if occasion else link", "if False else link", "apply/test_one_create"),
    _("nothing is searched before a create", "apply/create.py", "if found is not None:\n            there", "if False:\n            there", "apply/test_one_create"),
    _("what a person set apart is adopted", "apply/create.py", "record.id not in apart and not", "not", "apply/test_one_create"),
    _("what was restored is owed what was agreed", "apply/create.py", "if ours else newcomer(", "if True else newcomer(", "apply/test_one_create"),
    _("an id that is known is a new record's", "apply/create.py", "if _is_known(record_id, intent, world):", "if False:", "apply/test_claimed_twice"),
    _("a rule acts at the first look", "reconcile/missing.py", "if answer is None and choice in _BY_RULE and not all(", "if False and not all(", MISSING),
    _("a plan that moved is merged", "reconcile/identity.py", 'and place not in ("", link.scope)', "and False", "apply/test_moved"),
    _("another plan is merged", "reconcile/identity.py", "if not all(_differs(base, flat, path) for path in must):", "if True:", "apply/test_moved"),
    _("a plan that moved makes a listing defective", "apply/observe.py", "if not self._belongs_here(answer.record):", "if False:", "apply/test_moved"),
    _("a record that was there before is taken", "apply/create.py", "record.id in known and not _appeared_since(intent, record, world)", "False", CREATE, "test_one_create"),
    _("a copy made once follows", "apply/create.py", "over = not link.follow and", "over = False and", CREATE),
    _("an end that was not sent is forgotten", "apply/create.py", 'if question is not None and question.status == "used":', "if False:", CREATE),
    _("a link is over when one of its records is", "apply/create.py", 'over = all(member.status != "live" for member in ended_one)', "over = True", CREATE),
    _("a pause is overlooked before a create", "apply/create.py", "why = done.away.get(operation.system) or pauses.now().get(operation.system)", "why = done.away.get(operation.system)", CREATE),
    _("never landed after one look", "apply/recover.py", "    if untouched and not last:", "    if False:", RECOVER),
    _("what was not sent is searched", "apply/recover.py", "    if intent.sent_at is None:", "    if False:", RECOVER),
    _("an unmarked create never landed", "apply/recover.py", "if access is not None and access.marker:", "if True:", RECOVER),
    _("an overtaken write landed", "apply/recover.py", "End.CONFIRMED if landed == intent.after.keys() else", "End.CONFIRMED if landed or not untouched else", RECOVER),
    _("the second look is not taken", "apply/recover.py", "                late.append(intent)", "                pass", RECOVER),
    _("a link is in step before its writes are confirmed", "apply/begin.py", 'member.settles(b"" if member.behind else sight.digest)', "member.settles(sight.digest)", WRITE),
    _("everything is in step", "apply/begin.py", "    if outcome.settled:", "    if True:", "test_questions", "test_five_faults"),
    _("an approval is used up before the run", "apply/begin.py", 'waits |= {q.id for q in standing.values() if q.proposal.kind == "guard" and q.id in used}', "pass", "test_preview"),
    _("a partial listing is complete", "apply/observe.py", "complete = page.last", "complete = True", OBSERVE, "test_five_faults"),
    _("a defective listing is whole", "apply/observe.py", "if not complete or defective:", "if not complete:", OBSERVE),
    _("no guard looks at a listing", "apply/observe.py", "trip, used = self._judge(left, len(known) - len(elsewhere), members)", "trip, used = None, []", OBSERVE),
    _("an approval of other evidence counts", "apply/observe.py", 'or answer.choice != "approve" or answer.digest != trip.digest:', 'or answer.choice != "approve":', OBSERVE),
    _("ids that were given anew are deletions", "reconcile/guards/identity_epoch.py", "    if missing < sighting.known and not paired:", "    if True:", GUARDS, "apply/test_identity_epoch"),
    _("two of the same content are a pair", "reconcile/guards/identity_epoch.py", "if len(ids) == 1 and len(now.get(held, ())) == 1", "if held in now", GUARDS),
    _("an approval of one table takes over another", "reconcile/guards/identity_epoch.py", "digest_of(NAME, sighting.system, sighting.kind, told, lost)", "digest_of(NAME, sighting.system, sighting.kind)", GUARDS, "apply/test_identity_epoch"),
    _("new ids are known before anybody said so", "apply/observe.py", '("scope", "permission", identity_epoch.NAME)', '("scope", "permission")', EPOCH),
    _("what is there under its old id has a new one", "apply/observe.py", "if await self._look_up(missing, members, complete=True) or", "if await self._look_up(missing, members, complete=True) is None or", EPOCH),
    _("plans of other groups are twins", "apply/renumber.py", 'return "" if kind == "group" else scope', 'return ""', EPOCH),
    _("a run under way keeps the old ids", "apply/renumber.py", "await locks.enter_async_context(world.lock(scope))", "pass", EPOCH),
    _("an end in flight was carried out under another id", "apply/recover.py", "            if in_question(intent.system, intent.kind, world):", "            if False:", EPOCH),
    _("the journal keeps the old ids", "apply/renumber.py", "            yield replace(intent, record_id=takeover.ids[intent.record_id])", "            yield intent", EPOCH),
    _("a change that no token shows is not seen", "apply/observe.py", "if heads.get(record.id) != (raw, None):", "if record.id not in heads:", OBSERVE),
    # -- feeds, groups, parts
    _("a feed is believed for ever", "apply/feed.py", "or age_s(world.now(), place.full_at) >= world.full_every_s", "", FEED),
    _("a record that is back just as it was stays gone", "apply/intake.py", "if old is None or old.gone is not None or old.raw != raw:", "if old is None or old.raw != raw:", FEED),
    _("another world's feed is believed", "apply/feed.py", "if place.basis != _basis(system) or", "if", FEED),
    _("a feed heals a broken listing", "apply/feed.py", "all(one is not None and _is_good(one) for one in listings)", "True", FEED),
    _("what a feed says to be gone is not asked for", "apply/feed.py", "        if isinstance(answer, Present):", "        if False:", FEED),
    _("no guard looks at what a feed says to be gone", "apply/feed.py", "    if not intake.gone:", "    if True:", FEED),
    _("a newly linked group is not listed", "apply/feed.py", "(new := groups.keys() - set(since.groups))", "(new := set[str]())", GROUPED),
    _("half a group is a group", "apply/feed.py", "    if not whole:", "    if False:", GROUPED),
    _("plans of other groups are missing", "apply/observe.py", "        if groups is None:\n            members", "        if True:\n            members", GROUPED),
    _("a part that was not sent is ours", "apply/write.py", "theirs = found.landed - job.sent", "theirs = found.landed - job.changes.keys()", PARTS),
    _("one refused part keeps the others back", "apply/write.py", "            continue\n        job.sent", "            break\n        job.sent", PARTS),
    _("parts of a kind share a row", "apply/pieces.py", "        if len(mine) <= 1:", "        if True:", PARTS),
    _("our own write is an edit of somebody else", "apply/recover.py", "others = _others(known.flat if known is not None else {}, holds, ours)", "others = _others(known.flat if known is not None else {}, holds, landed)", PARTS),
    # -- notes, references
    _("a note is left twice", "apply/handoff.py", "    if not kept.id:\n        found", "    if False:\n        found", NOTES),
    _("a note is sent before it is journalled", "apply/handoff.py", '    _keep(errand.stem, kept, scope, world)\n    world.effect("after_note_journal")', '    world.effect("after_note_journal")', NOTES),
    _("one look is enough for a note that may be late", "apply/handoff.py", "    if found is None and again:", "    if False:", NOTES),
    _("a note stays open for ever", "apply/handoff.py", 'found.append(Errand("close"', '(lambda _: None)(Errand("close"', NOTES),
    _("a preview does not know what it would link", "apply/begin.py", "    world.store.save_links([o.after for", "    list([o.after for", NOTES),
    _("a class of two words has no values to enter", "apply/handoff.py", r"(?:[^\[=]*\[[^\]]*\])?.*?) = ", r"\S+) = ", NOTES),
    _("a pause is overlooked before a note", "apply/handoff.py", "if errand.system in paused or errand.system in done.away or errand.system in pauses.now():", "if errand.system in done.away:", NOTES),
    _("a system's own id is compared", "apply/world.py", 'return self.ignore | local_paths("plan")', "return self.ignore", REFERENCES),
    _("what can be given only at birth is never given", "apply/create.py", 'getattr(lens, "barred_at_birth", lens.unwritable)', "lens.unwritable", REFERENCES),
]  # fmt: skip


def copied(where: Path) -> Path:
    """Copy the package and its tests; compiled files come along, so that only what was changed is compiled again."""
    shutil.copytree(ROOT / "syncd", where / "syncd")
    for folder in TESTED:
        shutil.copytree(ROOT / "tests" / folder, where / "tests" / folder)
    shutil.copy(ROOT / "pyproject.toml", where)
    return where


def run(where: Path, paths: list[str]) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy, until the first failure."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    environment["PYTHONPATH"] = str(where)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--no-header",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        *paths,
    ]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.file}: {one.why}")
def test_some_test_turns_red(mutation: Mutation, tmp_path: Path) -> None:
    where = copied(tmp_path)
    file = where / "syncd" / mutation.file
    text = file.read_text()
    found = text.count(mutation.old)
    assert found == 1, f"syncd/{mutation.file} holds `{mutation.old}` {found} times; write this mutation anew"
    file.write_text(text.replace(mutation.old, mutation.new))
    came = run(where, mutation.paths)
    assert came.returncode == FAILED, f"nobody saw that {mutation.why}:\n{came.stdout[-2000:]}{came.stderr[-2000:]}"


def test_the_copy_is_what_runs_and_is_green_as_it_is(tmp_path: Path) -> None:
    where = copied(tmp_path)
    assert run(where, ["tests/reconcile/test_merge.py", "tests/apply/test_five_faults.py"]).returncode == 0
    (where / "syncd/reconcile/merge.py").write_text('raise RuntimeError("this is the copy")\n')
    assert "this is the copy" in run(where, ["tests/reconcile/test_merge.py"]).stdout
