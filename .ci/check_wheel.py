"""The wheel holds what a server needs without a checkout: mappings, default rules, templates, and no tests.

Takes the working tree, builds the wheel in a temporary folder, gives one line per fault and exit code 1.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = {"syncd": "syncd", "mappings": "syncd/_data/mappings", "config": "syncd/_data/config"}


def expected() -> set[str]:
    """Where each file of the checkout stands in the wheel."""
    return {
        f"{target}/{path.relative_to(ROOT / folder)}"
        for folder, target in SHIPPED.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def built() -> set[str]:
    """Give what hatchling put into the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return {name for name in wheel.namelist() if ".dist-info/" not in name}


def faults() -> Iterator[str]:
    """Say what is missing from the wheel and what it has too much."""
    checkout, wheel = expected(), built()
    yield from (f"wheel: lacks {name}" for name in sorted(checkout - wheel))
    yield from (f"wheel: has {name}, which is not ours to ship" for name in sorted(wheel - checkout))


if __name__ == "__main__":
    found = list(faults())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
