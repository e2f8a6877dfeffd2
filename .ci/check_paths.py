"""No file that we share says where it was made: no folder of one machine, no package index by name.

Takes what git tracks or would track, gives `file:line` per fault and exit code 1. Never reads what .gitignore names.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Written in halves, so that this file passes its own check.
FOLDERS = ("work", "root", "home/[a-z_][a-z0-9_-]*", "Users/[A-Za-z][A-Za-z0-9._-]*", "opt/pypi[a-z-]*", "opt/wheels")
HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
    "art" + "ifactory",
)
FAULTS = {
    "a folder of one machine": re.compile(rf"(?<![\w.}}*/-])/(?:{'|'.join(FOLDERS)})(?:/|\b(?=[\s\"'`,;:)]|$))"),
    "a package index": re.compile("|".join(re.escape(host) for host in HOSTS), re.IGNORECASE),
}


def tracked() -> Iterator[Path]:
    """Files that git knows or would add; outside a repository (an unpacked sdist), every file not hidden."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        names = (name for name in listing.stdout.split("\0") if name)
        yield from (ROOT / name for name in names if (ROOT / name).is_file())
        return
    yield from (
        path for path in ROOT.rglob("*") if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(".")
    )


def faults() -> Iterator[str]:
    """Say where each fault stands."""
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # an image or a font says nothing a person typed
        for number, line in enumerate(lines, start=1):
            for what, pattern in FAULTS.items():
                if hit := pattern.search(line):
                    yield f"{path.relative_to(ROOT)}:{number}: names {what}: {hit[0]}"


if __name__ == "__main__":
    found = list(faults())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
