"""Logs: past-tense events with fields, names of fields and never their values, no secrets.

To the file of the configuration as JSON lines; to stderr only with `-v`, or as JSON lines under a service. The core
returns reasons, the commands log them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import structlog

from syncd import private
from syncd.redact import CALLED, REDACTED, SECRETS, names_a_secret

if TYPE_CHECKING:
    from syncd.config import Config
from syncd.text.show import escaped

# Keys whose values are plan data or secrets, wherever they stand.
_KEYS: Final = re.compile(
    r"(?:^|_)(?:values?|old|new|base|before|after|readback|agreed|flat|data|raw|body|payload"
    r"|pass(?:word|wd|phrase)?|secret|token|credentials?|authorization|cookie|api_?key|key|session_?id"
    r"|ssn|tax_?id|fein|ein|birth_?date|dob|account_?number)$",
    re.IGNORECASE,
)
# What must not be read whatever its key is called: social security and tax ids, keys and tokens, URLs with logins. Only
# what a machine writes is taken for a key and its value: `token: not connected` is a cause, `X-Api-Key: k3y…` is none.
_LIKELY: Final = r"(?=[^\s,;&\"']*\d)[^\s,;&\"']{8,}"
"""A value that is no word: letters and digits, and not few."""
_PATTERNS: Final = (
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    re.compile(r"\b\d{2}-\d{7}\b"),
    # <ns:Password type="…">hunter2</ns:Password>, as SOAP faults echo it, and the same escaped
    re.compile(rf"(?i)(?<=[<:;])(?:{CALLED})\b[^<>]{{0,200}}(?:>|&gt;)(?:(?!<|&lt;).)+"),
    # password=hunter2 in a query or a form, "client_secret": "hunter2" in a body
    re.compile(rf"(?i)(?<![\w-])(?:{CALLED})=[^\s&,;}}\"']+"),
    re.compile(rf"(?i)(?:{CALLED})\\?[\"']\s*[=:]\s*(?:\\?\"[^\"]*\"?|'[^']*'?|[^\s&,;}}\"']+)"),
    # X-Api-Key: k3y, sessionId: s3ss10n (a name of several words), Authorization: Bearer t0ken, Cookie: sid=s3ss10n
    re.compile(rf"(?<![\w-])(?=\w+-|\w+_|[a-z]+[A-Z])(?i:{CALLED}):\s*{_LIKELY}"),
    re.compile(rf"(?i)\bauthorization:\s*(?:[\w-]+\s+)?{_LIKELY}"),
    re.compile(r"(?i)\b(?:set-)?cookie:\s*[\w.-]+=[^\r\n]+"),
    re.compile(rf"(?i)\b(?:bearer|basic|digest|negotiate)\s+{_LIKELY}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_SAFE: Final = frozenset({"event", "level", "timestamp", "logger"})


class Redaction:
    """Takes out what must not be in a log: the last step before it is written.

    By the keys of what was logged, by what secrets look like in texts, and the known secrets themselves, wherever they
    turn up.
    """

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Take it out of one event."""
        return {key: self._text(value) if key in _SAFE else self._redacted(key, value) for key, value in event.items()}

    def _redacted(self, key: str, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
        if value is not None and not isinstance(value, bool) and _KEYS.search(key):
            return REDACTED
        return self._text(value)

    def _text(self, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
        if isinstance(value, str):
            value = SECRETS.hide(value)
            for pattern in _PATTERNS:
                value = pattern.sub(REDACTED, value)
            return value
        if isinstance(value, Mapping):
            return {str(key): self._redacted(str(key), inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._text(inner) for inner in value]
        return value if isinstance(value, (int, float, bool, type(None))) else self._text(str(value))


def secrets_of(config: Config) -> frozenset[str]:
    """Give the secrets that the systems were given: by environment, credentials, or a file that is named."""
    found: set[str] = set()
    for name in config.systems:
        for key, given in config.systems[name].settings.items():
            if not isinstance(given, str):
                continue
            if names_a_secret(key):
                found.add(given)
            elif key.endswith("_file") and names_a_secret(key.removesuffix("_file")):
                with suppress(OSError, UnicodeDecodeError):  # whoever needs it says what is wrong with it
                    found.add(config.at(Path(given)).read_text(encoding="utf-8").removesuffix("\n"))
    return frozenset(found)


def configure(config: Config, *, verbose: bool = False, service: bool = False) -> None:
    """Set logging up, for a command or anew after a reload. `service`: everything to stderr, as JSON unless somebody
    looks on, with what the libraries warn of."""
    level = "debug" if verbose else config.log.level
    for secret in secrets_of(config):
        SECRETS.know(secret)
    redaction = Redaction()
    handlers: list[logging.Handler] = []
    if config.log.file is not None:
        handlers.append(_file(config.at(config.log.file), redaction))
    if verbose or service:
        handlers.append(_stream(redaction, as_json=service and not sys.stderr.isatty()))
    _put_in(logging.getLogger("syncd"), handlers or [logging.NullHandler()], level.upper())
    logging.getLogger("syncd").propagate = False
    if service:
        # httpx tells every URL at INFO and zeep every envelope at DEBUG: from others only warnings are wanted.
        _put_in(logging.getLogger(), handlers, "WARNING")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get(name: str = "syncd") -> structlog.stdlib.BoundLogger:
    """Give a logger."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def _put_in(logger: logging.Logger, handlers: list[logging.Handler], level: str) -> None:
    for old in logger.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter) or isinstance(old, logging.NullHandler):
            logger.removeHandler(old)
            old.close()
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(level)


class _Discreet(logging.Handler):
    """A handler that does not print an event raw when it cannot log it, as Python's own does."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say that something is missing, and nothing of what it was."""
        why = type(sys.exception()).__name__
        with suppress(Exception):
            print(json.dumps({"event": "log_failed", "level": record.levelname.lower(), "why": why}), file=sys.stderr)


class _DiscreetFile(_Discreet, logging.FileHandler):
    """A file of events, for its owner alone when it is made."""

    def _open(self) -> TextIOWrapper:
        with suppress(FileExistsError):
            os.close(private.create(Path(self.baseFilename)))
        return super()._open()


class _DiscreetStream(_Discreet, logging.StreamHandler[TextIO]):
    """A stream of events."""


def _file(path: Path, redaction: Redaction) -> logging.Handler:
    if not path.parent.exists():
        private.make_folder(path.parent)
    handler = _DiscreetFile(path, encoding="utf-8", delay=True)
    handler.setFormatter(_formatter(redaction, as_json=True))
    return handler


def _stream(redaction: Redaction, *, as_json: bool) -> logging.Handler:
    handler = _DiscreetStream(sys.stderr)
    handler.setFormatter(_formatter(redaction, as_json=as_json))
    return handler


def _formatter(redaction: Redaction, *, as_json: bool) -> logging.Formatter:
    """Give the last steps: exceptions without local variables, redaction, then text or JSON."""
    exceptions = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    render: list[structlog.typing.Processor] = [_traceback_as_text, console, _seen]
    if as_json:
        render = [_in_order, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            exceptions,
            redaction,
            *render,
        ],
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)],
    )


_FIRST = ("timestamp", "level", "event")


def _in_order(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put first what is looked for first: when, how grave, what."""
    return {key: event[key] for key in (*_FIRST, *(key for key in event if key not in _FIRST)) if key in event}


def _seen(_logger: object, _name: str, event: Any) -> str:  # noqa: ANN401 - whatever the console made, a text
    """Let a terminal obey nothing that is logged."""
    return escaped(str(event), keep="\n")


def _traceback_as_text(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write a traceback for people from what is left of it: types and places; what an exception said may be a value."""
    if isinstance(chain := event.get("exception"), list):
        event["exception"] = "\n".join(
            line
            for one in reversed(chain)
            for line in (
                *(f"  {frame['filename']}:{frame['lineno']} in {frame['name']}" for frame in one.get("frames", ())),
                f"{one.get('exc_type')}",
            )
        )
    return event
