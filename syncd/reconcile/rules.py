"""Rules: which setting holds for a field, and under which name.

Takes what `config/rules.yaml` says (as plain mappings) and gives a `MergeRule` for one field of one link. Scopes
`links > groups > pairs > default`, inside each `fields > sections > all`; for each setting the first hit wins. Two
equal hits with different values, unknown settings and unknown systems are configuration errors.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, cast

from syncd.errors import ConfigError
from syncd.model import paths
from syncd.model.frozen import frozen_value

CHOICES: Mapping[str, tuple[str, ...]] = {
    "on_conflict": ("ask", "source_of_truth", "newest"),
    "mode": ("two_way", "mirror"),
    "on_drift": ("ask", "overwrite"),
    "blanks": ("keep", "overwrite"),
    "on_missing": ("ask", "recreate", "unlink"),
    "unlinked": ("ask", "ignore", "copy"),
}
SETTINGS = (*CHOICES, "source_of_truth", "operations", "when", "to")
OPERATIONS = ("create", "update")
LEVELS = ("fields", "sections", "all")
SCOPES = ("links", "groups", "pairs", "default")


@dataclass(frozen=True, slots=True)
class MergeRule:
    """The settings that hold for one field, each with the name of the rule it comes from."""

    on_conflict: str = "ask"
    source_of_truth: str | None = None
    mode: str = "two_way"
    on_drift: str = "ask"
    blanks: str = "keep"
    on_missing: str = "ask"
    unlinked: str = "ask"
    operations: tuple[str, ...] = OPERATIONS
    to: str | None = None
    skew_s: float = 0.0
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    def name(self, setting: str) -> str:
        """Name the rule that gave a setting; `built-in` when none did."""
        return self.names.get(setting, f"built-in {setting}: {_text(getattr(self, setting))}")


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@frozen_value(frozen=True, slots=True)
class Place:
    """Where a field stands: its path, the atom it merges with, its link, group, editors; `value_of` serves `when:`."""

    path: str
    link: str = ""
    link_label: str = ""
    group: str = ""
    editors: frozenset[str] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)
    value_of: Callable[[str], str] = lambda _: ""
    atom: str = ""


class Rules:
    """All rules of an installation, checked once."""

    def __init__(
        self, raw: Mapping[str, Any] | None = None, systems: Collection[str] = (), *, skew_s: float = 0.0
    ) -> None:
        self.raw: Mapping[str, Any] = raw or {}
        self._systems = tuple(systems)
        self._skew_s = skew_s
        self._cache: dict[object, MergeRule] = {}
        _check_keys("", self.raw, SCOPES)
        self._blocks = tuple(self._read())
        self._links = {block.key for block in self._blocks if block.scope == "links"}
        self._groups = {block.key for block in self._blocks if block.scope == "groups"}
        self.conditional = any(block.when for block in self._blocks)
        """Some rule looks at other values of the link (`when:`)."""

    def _read(self) -> Iterator[_Block]:
        for scope in SCOPES:
            found = self.raw.get(scope)
            if found is None:
                continue
            if scope == "default":
                yield from self._blocks_of(scope, "", found, "default")
                continue
            seen: dict[str, str] = {}
            for key, body in _mapping(scope, found).items():
                name = self._pair(key) if scope == "pairs" else str(key)
                if name in seen:
                    msg = f"rules: {scope}: `{key}` and `{seen[name]}` name the same pair; keep one of them"
                    raise ConfigError(msg)
                seen[name] = str(key)
                yield from self._blocks_of(scope, name, body, f"{scope}.{key}")

    def _pair(self, key: object) -> str:
        names = _pair_names(str(key), self._systems)
        for name in names:
            self._known_system(f"pairs.{key}", name)
        return "+".join(sorted(names))

    def _blocks_of(self, scope: str, key: str, raw: object, name: str) -> Iterator[_Block]:
        body = _mapping(name, raw)
        plain = {setting: value for setting, value in body.items() if setting in SETTINGS}
        _check_keys(name, body, (*LEVELS, *SETTINGS))
        everything = _mapping(f"{name}.all", body.get("all") or {})
        if twice := sorted(plain.keys() & everything.keys()):
            msg = f"rules: {name}: `{twice[0]}` stands beside `all` and in it; keep one of them"
            raise ConfigError(msg)
        if plain or everything:
            yield self._block(scope, key, "all", "", {**plain, **everything}, name if plain else f"{name}.all")
        for level in ("fields", "sections"):
            for what, settings in _mapping(f"{name}.{level}", body.get(level) or {}).items():
                where = f"{name}.{level}.{what}"
                target = paths.canonical(str(what)) if level == "fields" else str(what)
                yield self._block(scope, key, level, target, _mapping(where, settings), where)

    def _block(self, scope: str, key: str, level: str, target: str, settings: Mapping[str, Any], name: str) -> _Block:
        _check_keys(name, settings, SETTINGS)
        checked = {setting: self._checked(name, setting, value) for setting, value in settings.items()}
        when = cast("dict[str, tuple[str, ...]]", checked.pop("when", {}))
        return _Block(scope, key, level, target, checked, when, name)

    def _checked(self, name: str, setting: str, value: object) -> object:
        if setting in CHOICES:
            if value not in CHOICES[setting]:
                raise ConfigError(_nearest(f"rules: {name}.{setting}", value, CHOICES[setting]))
            return value
        if setting == "operations":
            listed = tuple(value) if isinstance(value, (list, tuple)) else (value,)
            for one in listed:
                if one not in OPERATIONS:
                    raise ConfigError(_nearest(f"rules: {name}.operations", one, OPERATIONS))
            return listed
        if setting == "when":
            return {
                paths.canonical(str(path)): tuple(map(str, wanted)) if isinstance(wanted, list) else (str(wanted),)
                for path, wanted in _mapping(f"{name}.when", value).items()
            }
        self._known_system(f"{name}.{setting}", value)
        return value

    def _known_system(self, name: str, value: object) -> None:
        if not isinstance(value, str) or (self._systems and value not in self._systems):
            raise ConfigError(_nearest(f"rules: {name}", value, self._systems))

    def names(self, link: str, label: str) -> bool:
        """Tell whether some rule is about this link."""
        return link in self._links or label in self._links

    def at(self, place: Place) -> MergeRule:
        """Find the settings that hold at a place. Raises ConfigError on two equal hits."""
        key = (
            place.path,
            place.atom,
            place.link if place.link in self._links else "",
            place.link_label if place.link_label in self._links else "",
            place.group if place.group in self._groups else "",
            place.editors if len(place.editors) == 2 else frozenset(),  # noqa: PLR2004 - a pair
            place.sources.get(paths.section(place.path)),
        )
        if self.conditional:
            return self._find(place)
        if key not in self._cache:
            self._cache[key] = self._find(place)
        return self._cache[key]

    def _find(self, place: Place) -> MergeRule:
        found: dict[str, Any] = {}
        names: dict[str, str] = {}
        live = [block for block in self._blocks if block.applies(place)]
        for scope in SCOPES:
            for level in LEVELS:
                self._take(place, [b for b in live if b.scope == scope and b.level == level], found, names)
        source = place.sources.get(paths.section(place.path))
        if source is not None and "source_of_truth" not in found:
            # Naming a source when linking makes it the default for conflicts; any rule that says otherwise goes first.
            found["source_of_truth"] = source
            names["source_of_truth"] = f"link decision: {paths.section(place.path)} from {source}"
            if "on_conflict" not in found:
                found["on_conflict"] = "source_of_truth"
                names["on_conflict"] = names["source_of_truth"]
        return MergeRule(**found, skew_s=self._skew_s, names=names)

    def _take(self, place: Place, blocks: list[_Block], found: dict[str, Any], names: dict[str, str]) -> None:
        """Take the settings of one scope and level; an exact field goes before a pattern."""
        for exact in (True, False):
            hits: dict[str, _Block] = {}
            for block in blocks:
                if block.is_exact(place) is not exact:
                    continue
                for setting, value in block.settings.items():
                    other = hits.setdefault(setting, block)
                    if other is not block and other.settings[setting] != value and setting not in found:
                        msg = (
                            f"rules: `{other.name}.{setting}` and `{block.name}.{setting}` both hit {place.path} and "
                            "differ; make one of them narrower or remove it"
                        )
                        raise ConfigError(msg)
            for setting, block in hits.items():
                if setting not in found:
                    found[setting] = block.settings[setting]
                    names[setting] = block.name


@dataclass(frozen=True, slots=True)
class _Block:
    """Settings written at one place of the rules file."""

    scope: str
    key: str
    level: str
    target: str
    settings: Mapping[str, Any]
    when: Mapping[str, tuple[str, ...]]
    name: str

    def applies(self, place: Place) -> bool:
        return (
            self._scope_hits(place)
            and self._level_hits(place)
            and all(place.value_of(path) in wanted for path, wanted in self.when.items())
        )

    def is_exact(self, place: Place) -> bool:
        return self.level != "fields" or self.target in (place.path, place.atom, paths.atom(place.path))

    def _scope_hits(self, place: Place) -> bool:
        if self.scope == "links":
            return self.key in (place.link, place.link_label)
        if self.scope == "groups":
            return self.key == place.group
        if self.scope == "pairs":
            return self.key == "+".join(sorted(place.editors))
        return True

    def _level_hits(self, place: Place) -> bool:
        if self.level == "sections":
            return self.target == paths.section(place.path)
        if self.level == "fields":
            # Brackets are part of a path, not a character class of the pattern.
            pattern = self.target.replace("[", "[[]")
            return self.is_exact(place) or paths.under(place.path, self.target) or fnmatchcase(place.path, pattern)
        return True


def _pair_names(key: str, systems: Collection[str]) -> tuple[str, str]:
    """Read `crm+quote`, `crm/quote`, `crm, quote` …: the two names with nothing but marks between them."""
    for first in systems:
        rest = key.removeprefix(first)
        mark = re.match(r"\s*[^\w\s]+\s*|\s+", rest) if rest != key else None
        second = rest[mark.end() :] if mark else first
        if second != first and second in systems:
            return first, second
    parts = [part for part in re.split(r"\s*[+,/&|<>]+\s*|\s+", key.strip()) if part]
    if len(parts) != 2 or parts[0] == parts[1]:  # noqa: PLR2004 - a pair
        msg = f"rules: pairs: `{key}` does not name two systems; write it as `crm+quote`"
        raise ConfigError(msg)
    return parts[0], parts[1]


def _mapping(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"rules: {name}: expected a mapping, got `{value}`"
        raise ConfigError(msg)
    return value


def _check_keys(name: str, found: Mapping[str, Any], known: Collection[str]) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(_nearest(f"rules: {name}".rstrip(": "), key, known))


def _nearest(where: str, value: object, known: Collection[str]) -> str:
    near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.0) if known else []
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return f"{where}: `{value}` is not one of {', '.join(known) or 'the known systems'}{meant}"
