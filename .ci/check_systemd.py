"""The unit files: systemd takes them without a word, they expose next to nothing, each line has its reason above it.

Takes systemd/*.service, gives one line per fault and exit code 1. `systemd-analyze` does two of the three checks; where
it is missing, CI (CI=true, as root on Debian) installs it or fails, and elsewhere it is said that they were not made.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
MOST_EXPOSED = 1.1
TENANT = "acme"
"""A template is checked as the unit of one tenant."""
PROGRAM = re.compile(r"^(Exec\w+=)(/opt/syncd/bin/syncd)\b", re.MULTILINE)


def reasons(unit: Path) -> Iterator[str]:
    """Say which lines stand there without a reason above them."""
    above = ""
    for number, line in enumerate(unit.read_text().splitlines(), start=1):
        if "=" in line and not line.startswith("#") and not above.startswith("# "):
            yield f"{unit.relative_to(ROOT)}:{number}: no reason stands above {line}"
        above = line


def differences(units: list[Path]) -> Iterator[str]:
    """Say what one unit locks and another does not: tenants are no less careful."""
    locks = {unit.name: set(re.findall(r"^[A-Z]\w+=", unit.read_text(), re.MULTILINE)) for unit in units}
    every = set().union(*locks.values())
    yield from (f"systemd/{name}: lacks {key}, which another unit has" for name in locks for key in every - locks[name])


def analyzed(unit: Path, folder: Path) -> Iterator[str]:
    """Let systemd judge a copy whose program exists here."""
    name = unit.name.replace("@.", f"@{TENANT}.")
    copy = folder / name
    copy.write_text(PROGRAM.sub(rf"\g<1>{sys.executable}", unit.read_text()))
    said = _analyze("verify", str(copy))
    complaints = [line for line in (said.stdout + said.stderr).splitlines() if name in line or "syncd" in line]
    if said.returncode or complaints:
        yield from (
            f"systemd/{unit.name}: verify: {line.replace(str(folder), 'systemd')}" for line in complaints or ["failed"]
        )
    said = _analyze("security", "--offline=yes", "--no-pager", str(copy))
    found = re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)
    if found is None:
        yield f"systemd/{unit.name}: security: gave no figure: {' '.join(said.stderr.split()) or said.returncode}"
    elif float(found[1]) > MOST_EXPOSED:
        open_ = "\n".join(line for line in said.stdout.splitlines() if line.startswith("✗"))
        yield f"systemd/{unit.name}: exposure {found[1]}, more than {MOST_EXPOSED}\n{open_}"
    else:
        print(f"systemd/{unit.name}: verified, exposure {found[1]}")


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


def available() -> bool:
    """Tell whether systemd can be asked; in CI install it first when it cannot."""
    if (
        shutil.which("systemd-analyze") is None
        and os.environ.get("CI") == "true"
        and shutil.which("apt-get") is not None
    ):
        for words in (["update"], ["install", "-y", "--no-install-recommends", "systemd"]):
            environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", "-qq", *words], env=environ, check=False, stdout=subprocess.DEVNULL)
    return shutil.which("systemd-analyze") is not None


def faults() -> Iterator[str]:
    """Give everything that is wrong."""
    if not UNITS:
        yield "systemd: there is no unit"
    for unit in UNITS:
        yield from reasons(unit)
    yield from differences(UNITS)
    if available():
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS:
                yield from analyzed(unit, Path(folder))
    elif os.environ.get("CI") == "true":
        yield "systemd: systemd-analyze is missing and could not be installed; CI does not pass without it"
    else:
        print("systemd: NOT CHECKED by systemd itself: systemd-analyze is not here (Debian: apt-get install systemd)")


if __name__ == "__main__":
    found = list(faults())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
