"""Every lock installs by hash, names no host, and still answers what pyproject.toml asks for.

Takes the working tree, gives one line per fault and exit code 1. Never asks an index: that a lock is *newest* is the
business of `make lock UPGRADE=--upgrade`, that it is *whole* can be seen here.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"(?m)^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?: ; [^\\]+)? \\(?:\n +--hash=sha256:.*)+")


def pins(text: str) -> dict[str, set[str]]:
    """Versions by package; a universal lock may hold several, each under its own marker."""
    found: dict[str, set[str]] = {}
    for pin in PIN.finditer(text):
        found.setdefault(canonicalize_name(pin["name"]), set()).add(pin["version"])
    return found


def needed() -> Iterator[Requirement]:
    """Give what an installation needs to be built and to run."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for group in (project["build-system"]["requires"], project["project"]["dependencies"]):
        yield from map(Requirement, group)


def wanted() -> Iterator[Requirement]:
    """Give what pyproject.toml asks for, all extras and the build backend included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    for group in (project["build-system"]["requires"], project["project"]["dependencies"], *extras):
        yield from map(Requirement, group)


def faults() -> Iterator[str]:
    """Say what is wrong with each lock."""
    yield from form_faults()
    locked = pins((ROOT / "requirements.lock").read_text())
    for requirement in wanted():
        versions = locked.get(canonicalize_name(requirement.name), set())
        if not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
            have = ", ".join(sorted(versions)) or "nothing"
            yield f"requirements.lock: pyproject.toml asks for {requirement}, the lock has {have}; run `make lock`"

    for lock in sorted(ROOT.glob("requirements-*.lock")):
        for name, versions in pins(lock.read_text()).items():
            if not versions <= locked.get(name, set()):
                yield f"{lock.name}: {name} differs from requirements.lock; run `make lock`"
    yield from runtime_faults()


def form_faults() -> Iterator[str]:
    """Say what does not look like a lock."""
    for lock in sorted(ROOT.glob("requirements*.lock")):
        text = lock.read_text()
        for number, line in enumerate(text.splitlines(), start=1):
            if "://" in line:
                yield f"{lock.name}:{number}: names a host; run `make lock`, which leaves them out"
            elif line and not line.startswith((" ", "#")) and "==" not in line:
                yield f"{lock.name}:{number}: {line.split()[0]} is not pinned to a version; run `make lock`"
        if len(PIN.findall(text)) != len(re.findall(r"(?m)^\S+==", text)):
            yield f"{lock.name}: a package has no hash; run `make lock`"


def runtime_faults() -> Iterator[str]:
    """Say what is missing in the lock of an installation: what runs, and what builds it; nothing that only tests."""
    runtime = pins((ROOT / "requirements-runtime.lock").read_text())
    for requirement in needed():
        if canonicalize_name(requirement.name) not in runtime:
            yield f"requirements-runtime.lock: {requirement} is not in it; run `make lock`"
    for name in sorted({"pytest", "mypy", "ruff", "hypothesis"} & runtime.keys()):
        yield f"requirements-runtime.lock: {name} is for developers; run `make lock`"


if __name__ == "__main__":
    found = list(faults())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
