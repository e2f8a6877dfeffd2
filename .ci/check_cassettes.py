"""No cassette holds a secret or a person's number.

Takes every file below a folder named `cassettes`, gives `file:line` per fault and exit code 1; no such folder is no
fault. Never prints what it found: a log is no better a place for a secret than a cassette.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What a scrubber leaves behind, and nothing else, may stand where a secret stood.
SCRUBBED = r"(?:\*+|x{3,}|redacted|scrubbed|\[(?:redacted|scrubbed)\]|<(?:redacted|scrubbed)>|null|none)"
NAMES = (
    r"(?:pass(?:word|wd|phrase)|secret|client[_-]?secret|api[_-]?key|subscription[_-]?key|access[_-]?key|"
    r"(?:access|refresh|id|bearer|auth|csrf|session)[_-]?token|session[_-]?id(?:element)?|private[_-]?key)"
)
# `Name: value` and `name=value`, also quoted as JSON is inside YAML; `- value` on the line below a YAML header name;
# `<ns:Name attr>value<`. The prefix lets peoPassword and X-Api-Key count, the suffix lets PasswordHint not.
BEFORE = r"(?<![a-z])[\w-]*?"
QUOTE = r"\\*[\"']*"
FAULTS = {
    "a credential": re.compile(
        rf"(?i){BEFORE}{NAMES}{QUOTE}\s*[:=]\s*{QUOTE}"
        rf"(?!{SCRUBBED}\b|{SCRUBBED}(?=[\s\"'\\&;,}}]|$))[^\s\"'\\&;,}}\]]+"
    ),
    "a credential in XML": re.compile(rf"(?i)<(?:\w+:)?\w*?{NAMES}(?:\s[^>]*)?>(?!\s*{SCRUBBED}?\s*</)[^<]+</"),
    # "basic" alone is a word of the benefits trade
    "an authorization": re.compile(
        rf"(?i)\b(?:bearer|authorization{QUOTE}\s*[:=]\s*{QUOTE}basic)\s+(?!{SCRUBBED}(?:\W|$))[A-Za-z0-9+/=._~-]{{8,}}"
    ),
    "a cookie": re.compile(r"(?i)^\s*['\"]?(?:set-)?cookie['\"]?\s*:"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a social security number": re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
}
# A YAML header is a name and, on the lines below, its values.
HEADER = re.compile(rf"(?i)^\s*['\"]?(?:{BEFORE}{NAMES}|(?:proxy-)?authorization)['\"]?\s*:\s*$")
HEADER_VALUE = re.compile(rf"(?i)^\s*-\s*['\"]?(?!(?:(?:bearer|basic)\s+)?{SCRUBBED}['\"]?\s*$)[^\s'\"]")


def faults_in(text: str) -> Iterator[tuple[int, str]]:
    """Give the line and the kind of each fault of one cassette."""
    header = False
    for number, line in enumerate(text.splitlines(), start=1):
        if header and HEADER_VALUE.search(line):
            yield number, "a credential in a header"
        header = bool(HEADER.search(line)) or (header and line.lstrip().startswith("-"))
        yield from ((number, what) for what, pattern in FAULTS.items() if pattern.search(line))


def faults() -> Iterator[str]:
    """Say where each fault stands."""
    folders = [path for path in ROOT.rglob("cassettes") if path.is_dir() and ".venv" not in path.parts]
    for cassette in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        for number, what in faults_in(cassette.read_text(errors="replace")):
            yield f"{cassette.relative_to(ROOT)}:{number}: holds {what}; scrub it and record again"


if __name__ == "__main__":
    found = list(faults())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
