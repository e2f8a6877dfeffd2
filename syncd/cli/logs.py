"""Logs: past-tense events with fields, names of fields and never their values, no secrets.

To the file of the configuration as JSON lines; to stderr only with `-v`, or as JSON lines under a service. The core
returns reasons, the commands log them.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from syncd.config import Config

REDACTED: Final = "(redacted)"
# Keys whose values are plan data or secrets, wherever they stand.
_KEYS: Final = re.compile(
    r"(?:^|_)(?:values?|old|new|base|before|after|readback|agreed|flat|data|raw|body|payload"
    r"|pass(?:word|wd|phrase)?|secret|token|credentials?|authorization|cookie|api_?key|key|session_?id"
    r"|ssn|tax_?id|fein|ein|birth_?date|dob|account_?number)$",
    re.IGNORECASE,
)
# What must not be read whatever its key is called: social security and tax ids, keys and tokens, URLs with logins.
_PATTERNS: Final = (
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    re.compile(r"\b\d{2}-\d{7}\b"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)\b(?:password|secret|token|api[_-]?key)\s*[=:]\s*\S+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_SAFE: Final = frozenset({"event", "level", "timestamp", "logger"})

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what must not be in a log: the last step before it is written."""
    return {key: _text(value) if key in _SAFE else _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if value is not None and not isinstance(value, bool) and _KEYS.search(key):
        return REDACTED
    return _text(value)


def _text(value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if isinstance(value, str):
        for pattern in _PATTERNS:
            value = pattern.sub(REDACTED, value)
        return value
    if isinstance(value, Mapping):
        return {str(key): _redacted(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_text(inner) for inner in value]
    return value if isinstance(value, (int, float, bool, type(None))) else _text(str(value))


def configure(config: Config, *, verbose: bool = False, service: bool = False) -> None:
    """Set logging up, once for a command. `service`: everything to stderr, as JSON unless somebody looks on."""
    level = "debug" if verbose else config.log.level
    handlers: list[logging.Handler] = []
    if config.log.file is not None:
        handlers.append(_file(config.at(config.log.file)))
    if verbose or service:
        handlers.append(_stream(json=service and not sys.stderr.isatty()))
    root = logging.getLogger("syncd")
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers or [logging.NullHandler()]:
        root.addHandler(handler)
    root.setLevel(level.upper())
    root.propagate = False
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


def _file(path: Path) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(_formatter(json=True))
    return handler


def _stream(*, json: bool) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(json=json))
    return handler


def _formatter(*, json: bool) -> logging.Formatter:
    """Give the last steps: exceptions without local variables, redaction, then text or JSON."""
    exceptions = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            exceptions,
            redact,
            renderer,
        ],
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)],
    )
