"""What the story of the two vendors has in its folder: configuration, credentials, rules, how to start them again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from syncd.cli.demo.folder import system_table
from syncd.cli.demo.vendors import sandbox
from syncd.cli.demo.vendors.sandbox import Sandbox

DECISIONS: Final = "washington.yaml"
"""The decision file of the client."""
SCRIPT: Final = "sandbox.sh"
_SECRETS: Final = Path("credentials")

_CONFIG_HEAD: Final = """\
# The configuration of the demo: two vendors, practised on in a sandbox on this machine (./sandbox.sh starts it again).
# Secrets never stand here; they are in files that nobody else may read.

state = "state"                  # what syncd remembers, and the review files
rules = "rules.yaml"
"""
RULES: Final = """\
# A field that only one system changed goes to the other. These rules speak where both changed it.

default:
  on_conflict: ask               # a person decides
  on_missing: ask
  sections:
    rates: {on_conflict: source_of_truth, source_of_truth: perfectquote}   # but a rate is what the carrier quoted
"""
_SCRIPT_TEXT: Final = """\
#!/bin/sh
# PerfectQuote and BenefitPoint to practise on, as they were left. Ctrl-C stops them and saves what they hold.
cd "$(dirname "$0")" && exec {command}
"""

OURS: Final[tuple[str | Path, ...]] = (
    *("state", "syncd.toml", "rules.yaml", DECISIONS, SCRIPT),
    *(_SECRETS, sandbox.STATE, f"{sandbox.STATE}.new", sandbox.LOG),
)
"""What this story makes."""


def lay_out(folder: Path) -> None:
    """Write what the story begins with, before its vendors run."""
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")


def connect(folder: Path, running: Sandbox, program: str) -> None:
    """Write where the vendors are and what opens them. `program`: syncd's name as it can be typed in the folder."""
    (folder / _SECRETS).mkdir(mode=0o700, exist_ok=True)
    told = {system: _settings(folder, system, running.systems[system]) for system in running.systems}
    tables = [system_table(system, settings) for system, settings in told.items()]
    (folder / "syncd.toml").write_text("\n".join([_CONFIG_HEAD, *tables]), encoding="utf-8")
    script = folder / SCRIPT
    script.write_text(
        _SCRIPT_TEXT.format(command=f"{program} {shlex.join(sandbox.words(running.port_base))}"), encoding="utf-8"
    )
    script.chmod(0o755)


def _settings(folder: Path, system: str, ready: Mapping[str, Any]) -> dict[str, str]:
    """Say what the connector is told; its secret goes into a file of mode 600."""
    name, secret = ("client_id", "client_secret") if "client_id" in ready else ("username", "password")
    file = _SECRETS / f"{system}__{secret}"
    (folder / file).touch(mode=0o600)
    (folder / file).write_text(f"{ready[secret]}\n", encoding="utf-8")
    return {"connector": system, "base_url": ready["url"], name: ready[name], f"{secret}_file": str(file)}
