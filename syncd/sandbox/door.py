"""The back door by command: `syncd sandbox edit | clock | break | switch`, as a vendor's user and as the weather.

Takes a command line, finds the sandbox that runs, asks its back door over loopback, says what came of it. Exit code 0:
done; 2: not asked rightly, refused, or no sandbox there; nothing was changed then.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from syncd.sandbox import running
from syncd.sandbox.server import SYSTEMS

VERBS: Final = ("edit", "clock", "break", "switch")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class Wrong(Exception):  # noqa: N818 - said to a person, with what to do
    """It cannot be done like this; nothing was changed."""


def run(words: Sequence[str]) -> int:
    """Do one command."""
    given = _parser().parse_args(list(words))
    try:
        answer = _ASK[given.verb](given)
    except Wrong as wrong:
        print(f"syncd: error: {wrong}", file=sys.stderr)  # noqa: T201 - a command speaks
        return 2
    print(json.dumps(answer, ensure_ascii=False, indent=None if given.json else 2, default=str))  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("syncd sandbox", description="Ask the back door of a running sandbox.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    edit = verbs.add_parser("edit", help="edit a record as a user of the vendor does")
    edit.add_argument("system", choices=SYSTEMS)
    edit.add_argument("kind", help="group, plan, or a kind of the vendor's own")
    edit.add_argument("id", help="the vendor's id; `new` makes a record")
    edit.add_argument(
        "changes", nargs="*", metavar="PATH=VALUE", help="a text, true or false; PATH= clears; PATH:=JSON else"
    )
    edit.add_argument("--as", dest="person", metavar="NAME", default="", help="who edits, as the vendor calls them")
    edit.add_argument("--delete", action="store_true", help="delete it")
    clock = verbs.add_parser("clock", help="tell or set the time it is there")
    clock.add_argument("time", nargs="?", help="2026-12-01T08:00:00Z, +SECONDS, freeze or go; left out: tell it")
    broken = verbs.add_parser("break", help="let something go wrong")
    broken.add_argument("system", choices=SYSTEMS)
    broken.add_argument("fault", nargs="?", help="which; left out: tell which there are")
    broken.add_argument("--match", default="", help="only requests whose name holds this")
    broken.add_argument("--times", type=int, default=1, help="how often (1)")
    broken.add_argument("--seconds", type=float, help="how long, where the fault lasts")
    broken.add_argument("--mend", action="store_true", help="let nothing go wrong any more")
    switch = verbs.add_parser("switch", help="tell or set how the installation behaves")
    switch.add_argument("system", choices=SYSTEMS)
    switch.add_argument("changes", nargs="*", metavar="NAME=VALUE", help="a text; NAME:=JSON for the rest")
    for verb in verbs.choices.values():
        verb.add_argument(
            "--backdoor", "--url", metavar="URL", default="", help="its back door, when several sandboxes run"
        )
        verb.add_argument("--json", action="store_true", help="one line of JSON")
    return parser


# -- what each verb asks ----------------------------------------------------------------------------------------------


def _edit(given: argparse.Namespace) -> Any:
    changes = _changes(given.changes)
    if not changes and not given.delete:
        raise Wrong("nothing is changed: say PATH=VALUE, or --delete")
    if given.system == "perfectquote":
        changes = _nested(changes)
    body: dict[str, Any] = {"kind": given.kind, "set": changes}
    if given.id != "new":
        body["id"] = given.id
    if given.person:
        body["as"] = given.person
    if given.delete:
        body = {key: value for key, value in body.items() if key != "set"} | {"delete": True}
    return _ask(given, given.system, "POST", "edit", body)


def _clock(given: argparse.Namespace) -> Any:
    if given.time is None:
        return _ask(given, "", "GET", "clock")
    if given.time in ("freeze", "go"):
        return _ask(given, "", "POST", "clock", {"frozen": given.time == "freeze"})
    if given.time.startswith("+"):
        try:
            return _ask(given, "", "POST", "clock", {"advance_s": float(given.time)})
        except ValueError as error:
            raise Wrong(f"{given.time!r} is no number of seconds, such as +3600") from error
    return _ask(given, "", "POST", "clock", {"now": given.time})


def _break(given: argparse.Namespace) -> Any:
    if given.mend:
        return _ask(given, given.system, "DELETE", "faults")
    if given.fault is None:
        return _ask(given, given.system, "GET", "faults")
    body = {"kind": given.fault, "match": given.match, "times": given.times}
    if given.seconds is not None:
        body["seconds"] = given.seconds
    return _ask(given, given.system, "POST", "faults", body)


def _switch(given: argparse.Namespace) -> Any:
    changes = _changes(given.changes)
    return _ask(given, given.system, "POST" if changes else "GET", "switches", changes or None)


_ASK: Final = {"edit": _edit, "clock": _clock, "break": _break, "switch": _switch}


def _changes(words: Sequence[str]) -> dict[str, Any]:
    """Read `path=text` and `path:=json`; true and false are what they say, and nothing behind the sign clears."""
    found: dict[str, Any] = {}
    for word in words:
        path, sign, text = word.partition("=")
        if not sign or not path.strip(":"):
            raise Wrong(f"{word!r} is no change: expected PATH=VALUE, or PATH:=JSON")
        if path in found or path.removesuffix(":") in found:
            raise Wrong(f"{path.removesuffix(':')} is changed twice")
        if not path.endswith(":"):
            found[path] = {"true": True, "false": False, "": None}.get(text, text)
            continue
        try:
            found[path.removesuffix(":")] = json.loads(text)
        except ValueError as error:
            raise Wrong(f"{word!r}: what stands behind := is no JSON ({error})") from error
    return found


def _nested(changes: dict[str, Any]) -> dict[str, Any]:
    """Give a merge patch: `a.b` is `b` inside `a`."""
    patch: dict[str, Any] = {}
    for path, value in changes.items():
        *steps, last = path.split(".")
        holder = patch
        for step in steps:
            inner = holder.setdefault(step, {})
            if not isinstance(inner, dict):
                raise Wrong(f"{path}: {step} is changed as a whole already")
            holder = inner
        holder[last] = value
    return patch


# -- asking -----------------------------------------------------------------------------------------------------------


def _ask(given: argparse.Namespace, system: str, method: str, what: str, body: Any = None) -> Any:
    url = f"{_door(given.backdoor, system)}/{what}"
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, content, {"content-type": "application/json"}, method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=30) as reply:
            return json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        raise Wrong(_refusal(error)) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Wrong(f"no sandbox answers at {url}: {reason}. Start one with `syncd sandbox`.") from error


def _refusal(error: urllib.error.HTTPError) -> str:
    """Give the back door's own words."""
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"the back door answered {error.code}: is the address the one that the sandbox said?"


def _door(said: str, system: str) -> str:
    """Find the address to ask."""
    if said:
        if urlsplit(said).scheme != "http" or urlsplit(said).hostname not in _LOOPBACK:
            raise Wrong(f"--backdoor is {said!r}: expected an address on this machine, http://127.0.0.1:…/__sandbox")
        return said.rstrip("/")
    doors = [one for one in running.found() if not system or system in one]
    if not doors:
        what = f" of {system}" if system else ""
        raise Wrong(f"no sandbox{what} runs on this machine: start one with `syncd sandbox`, or name its --backdoor")
    if len(doors) > 1:
        urls = ", ".join(one[system] if system else next(iter(one.values())) for one in doors)
        raise Wrong(f"{len(doors)} sandboxes run: say which with --backdoor, one of {urls}")
    return doors[0][system] if system else next(iter(doors[0].values()))
