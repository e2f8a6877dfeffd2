"""Single-line mutations of the core: each must turn some test red, else a promise is not tested.

A mutation is (file, what stands there, what is put in its place). It is applied to a copy of the package, and the fast
tests of the core run against the copy until the first one fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

MUTATIONS = [
    ("reconcile/merge.py", "if len(values) == 1 and not absent:", "if len(values) == 1:"),
    ("reconcile/merge.py", "return Redeliver(agreed) if behind else Agree()", "return Agree()"),
    ("reconcile/merge.py", "wanted.add(agreed)  # that editor", "pass  # that editor"),
    ("reconcile/merge.py", "if newcomers <= {target}:", "if True:"),
    ("reconcile/merge.py", "if len(known) < len(edits):", "if False:"),
    ("reconcile/merge.py", "if owner is not None and owner in edits:", "if owner is not None:"),
    ("reconcile/merge.py", "top - max(rivals) >= max(SAME_MOMENT_S, skew_s)", "top - max(rivals) >= 0"),
    ("reconcile/merge.py", "if any(held.stamp is None for held in edits.values()):", "if False:"),
    ("reconcile/merge.py", "if any(table.whole for table in fits):", "if True:"),
    ("reconcile/merge.py", 'if rule.mode == "mirror" and edits.keys() != {rule.source_of_truth}:', "if False:"),
    ("reconcile/normalise.py", "touched.update(member.behind)", "pass"),
    ("reconcile/normalise.py", "touched -= view.ignore", "pass"),
    ("reconcile/normalise.py", "None if sight.modified == member.own_stamp else sight.modified", "sight.modified"),
    ("reconcile/constrain.py", 'if decision.value is EMPTY and rule.blanks == "keep"', 'if False and rule.blanks == "keep"'),
    ("reconcile/constrain.py", "if isinstance(decision.value, Unparsed):", "if False:"),
    ("reconcile/constrain.py", ">= RENEWAL_DAYS", ">= 10 * RENEWAL_DAYS"),
    ("reconcile/constrain.py", "if system not in self._view.paused:", "if True:"),
    ("reconcile/constrain.py", "if owed.next_at <= self._now:", "if True:"),
    ("reconcile/constrain.py", "if not surface.update:", "if False:"),
    ("reconcile/decide.py", "answer.digest != proposal.digest", "False"),
    ("reconcile/rules.py", "if setting not in found:", "if True:"),
    ("reconcile/guards/base.py", "key_of(write) in approved", "approved"),
    ("reconcile/guards/base.py", "affected >= self.count and", "affected > self.count and"),
    ("reconcile/guards/empty_side.py", "sighting.listed or not sighting.known", "True or not sighting.known"),
    ("reconcile/guards/scope.py", "(\"\", sighting.fingerprint)", "(\"\", sighting.last_fingerprint)"),
    ("reconcile/missing.py", 'return replace(member, status="missing")', "return member"),
    ("reconcile/suggest.py", "score -= fact.penalty", "pass"),
    ("apply/write.py", "if now_holds != job.seen.flat:", "if False:"),
    ("apply/write.py", "base[path] = result.holds[path]", "base[path] = result.changes[path]; result.landed"),
    ("apply/write.py", "behind.pop(path, None)", "pass"),
    ("apply/write.py", "if holds.get(path, EMPTY) == value)", "if True)"),
    ("apply/recover.py", "if untouched and not last:", "if False:"),
    ("apply/recover.py", "if intent.sent_at is None:", "if False:"),
    ("apply/create.py", "if marked:", "if False:"),
    ("apply/observe.py", "complete = page.last", "complete = True"),
    ("apply/observe.py", "if isinstance(answer, Present):", "if False:"),
]
SLOW = "not p11_killed and not p09 and not p01_at_rest and not killed and not mirrored"


def copy_of(folder: Path) -> None:
    """Copy what the tests of the core need."""
    for name in ("syncd", "tests", "mappings", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / name)


def red(folder: Path) -> bool:
    """Run the fast tests of the core in a folder until one fails."""
    for tests in (["tests/reconcile"], ["tests/apply"], ["tests/scenario", "-k", SLOW]):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
        )
        if done.returncode == 1:
            return True
        assert done.returncode == 0, done.stdout.decode()[-2000:]
    return False


@pytest.mark.prove
@pytest.mark.parametrize(("file", "old", "new"), MUTATIONS, ids=[f"{file}:{old[:40]}" for file, old, _ in MUTATIONS])
def test_each_mutation_turns_some_test_red(file: str, old: str, new: str, tmp_path: Path) -> None:
    """A core that is wrong in one line is noticed."""
    copy_of(tmp_path)
    path = tmp_path / "syncd" / file
    text = path.read_text()
    assert old in text, f"{file} has no line with {old!r} any more; write another mutation for what stands there now"
    path.write_text(text.replace(old, new, 1))
    assert red(tmp_path)


def test_each_mutation_still_applies() -> None:
    """Every mutation names a line that stands in the code (the long run is `make prove`)."""
    gone = [(file, old) for file, old, _ in MUTATIONS if old not in (ROOT / "syncd" / file).read_text()]
    assert gone == []
    assert len(MUTATIONS) >= 25
