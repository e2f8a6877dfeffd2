"""Results of tables as people and machines read them: lines, JSON, JUnit XML. Pure: it makes texts and writes none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import orjson

from syncd.errors import SyncdError
from syncd.simulation.scenario.models import Scenario


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one table: its first difference, "" when all of it holds, and what each cycle came to."""

    scenario: Scenario
    difference: str = ""
    details: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name the table."""
        return self.scenario.id

    @property
    def ok(self) -> bool:
        """Tell whether everything that the table states came true."""
        return not self.difference

    @property
    def line(self) -> str:
        """Say it in one line."""
        if self.ok:
            return f"ok    {self.id}"
        return f"FAIL  {self.id}: {self.difference}  ({self.scenario.file}:{self.scenario.line})"

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "id": self.id,
            "title": self.scenario.title,
            "file": self.scenario.file,
            "line": self.scenario.line,
            "ok": self.ok,
            "difference": self.difference or None,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True)
class Results:
    """What came of all tables. `errors` are tables that could not be read, and they never pass."""

    results: tuple[Result, ...]
    errors: tuple[SyncdError, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether all tables hold and all could be read."""
        return bool(self.results) and not self.errors and all(result.ok for result in self.results)

    @property
    def exit_code(self) -> int:
        """Give 0 when all hold, else 1."""
        return 0 if self.ok else 1

    @property
    def summary(self) -> str:
        """Count them."""
        failed = sum(not result.ok for result in self.results)
        parts = [f"{len(self.results)} scenario{'' if len(self.results) == 1 else 's'}"]
        parts.append(f"{failed} failed" if failed else "all hold" if self.results else "nothing was run")
        if self.errors:
            parts.append(f"{len(self.errors)} file{'' if len(self.errors) == 1 else 's'} could not be read")
        return ", ".join(parts)

    def text(self) -> str:
        """Give a line a table, what could not be read, and a summary."""
        lines = [result.line for result in self.results]
        lines += [f"ERROR {error}" for error in self.errors]
        return "\n".join([*lines, self.summary])

    def json(self) -> str:
        """Give everything as JSON."""
        told = {
            "ok": self.ok,
            "summary": self.summary,
            "scenarios": [result.to_json() for result in self.results],
            "errors": [
                {"file": error.file, "line": error.line, "message": error.message, "hint": error.hint}
                for error in self.errors
            ],
        }
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()

    def junit(self) -> str:
        """Give JUnit XML: a suite a file, a case a table."""
        root = Element("testsuites", name="syncd rules test")
        files = dict.fromkeys(
            [result.scenario.file for result in self.results] + [error.file or "" for error in self.errors]
        )
        for file in files:
            cases = [result for result in self.results if result.scenario.file == file]
            errors = [error for error in self.errors if (error.file or "") == file]
            failed = sum(not one.ok for one in cases)
            suite = SubElement(
                root,
                "testsuite",
                name=file,
                tests=str(len(cases) + len(errors)),
                failures=str(failed),
                errors=str(len(errors)),
            )
            for one in cases:
                case = SubElement(
                    suite, "testcase", classname=file, name=one.id, file=file, line=str(one.scenario.line)
                )
                if not one.ok:
                    failure = SubElement(case, "failure", message=_clean(one.difference))
                    failure.text = _clean("\n".join(one.details))
            for error in errors:
                case = SubElement(
                    suite, "testcase", classname=file, name="(file)", file=file, line=str(error.line or 1)
                )
                SubElement(case, "error", message=_clean(str(error)))
        indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n\r" or " " <= sign < "\ud800" or "\ue000" <= sign <= "\ufffd")
