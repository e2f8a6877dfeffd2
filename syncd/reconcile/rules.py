"""Rules: which setting holds for a field, and under which name.

Takes what `config/rules.yaml` says (plain mappings of texts as they were written) and gives a `MergeRule` for one field
of one link. Scopes `links > groups > pairs > default`, inside each `fields > sections > all`; for each setting the
first hit wins. Two equal hits with different values, unknown settings, systems, sections, fields and values are
configuration errors, and all of them are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

from syncd.errors import ConfigError
from syncd.model import paths
from syncd.model.frozen import frozen_value
from syncd.model.records import Kind
from syncd.reconcile.rule_words import Words, kinds_of
from syncd.text.explain import Loc, Mistake, MistakesError, not_one_of, shown
from syncd.text.nearest import did_you_mean

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


class RulesError(MistakesError):
    """The rules say something that cannot be meant."""

    about = "rules"
    hint = "See `syncd rules show`, and the words at the beginning of the rules file."


class Rules:
    """All rules of an installation, checked once. `kinds`: the kinds of records whose field names are checked."""

    def __init__(
        self,
        raw: Mapping[str, Any] | None = None,
        systems: Collection[str] = (),
        *,
        skew_s: float = 0.0,
        kinds: Collection[Kind] = (),
    ) -> None:
        self.raw: Mapping[str, Any] = raw or {}
        self._skew_s = skew_s
        self._cache: dict[object, MergeRule] = {}
        reader = _Reader(tuple(systems), Words(kinds_of(kinds)))
        self._blocks = tuple(reader.read(self.raw))
        if reader.mistakes:
            raise RulesError(reader.mistakes)
        self._links = {block.key for block in self._blocks if block.scope == "links"}
        self._groups = {block.key for block in self._blocks if block.scope == "groups"}
        self.conditional = any(block.when for block in self._blocks)
        """Some rule looks at other values of the link (`when:`)."""

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
    when: Mapping[str, frozenset[str]]
    name: str
    words: Words

    def applies(self, place: Place) -> bool:
        return (
            self._scope_hits(place)
            and self._level_hits(place)
            and all(self.words.key(path, place.value_of(path)) in wanted for path, wanted in self.when.items())
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


class _Reader:
    """Reads rules; what cannot be meant is noted, and reading goes on."""

    def __init__(self, systems: tuple[str, ...], words: Words) -> None:
        self._systems, self._words = systems, words
        self.mistakes: list[Mistake] = []

    def read(self, raw: Mapping[str, Any]) -> Iterator[_Block]:
        """Give the blocks of a rules file."""
        whole = self._mapping((), raw)
        self._check_keys((), whole, SCOPES)
        for scope in SCOPES:
            found = whole.get(scope)
            if found is None:
                continue
            if scope == "default":
                yield from self._blocks_of(scope, "", found, ("default",))
                continue
            seen: dict[str, str] = {}
            for key, body in self._mapping((scope,), found).items():
                name = self._pair(str(key)) if scope == "pairs" else str(key)
                if name in seen:
                    self._wrong((scope, key), f"`{key}` and `{seen[name]}` name the same pair; keep one of them")
                seen[name] = str(key)
                yield from self._blocks_of(scope, name, body, (scope, key))

    def _wrong(self, loc: Loc, message: str, hint: str | None = None) -> None:
        self.mistakes.append(Mistake(loc, message, hint))

    def _pair(self, key: str) -> str:
        names = _pair_names(key, self._systems)
        if names is None:
            self._wrong(("pairs", key), "this does not name two systems; write it as `crm+quote`")
            return key
        for name in names:
            self._known_system(("pairs", key), name)
        return "+".join(sorted(names))

    def _blocks_of(self, scope: str, key: str, raw: object, loc: Loc) -> Iterator[_Block]:
        body = self._mapping(loc, raw)
        plain = {setting: value for setting, value in body.items() if setting in SETTINGS}
        self._check_keys(loc, body, (*LEVELS, *SETTINGS))
        everything = self._mapping((*loc, "all"), body.get("all") or {})
        for twice in sorted(plain.keys() & everything.keys()):
            self._wrong((*loc, "all", twice), f"`{twice}` stands beside `all` and in it; keep one of them")
        if plain or everything:
            at = loc if plain else (*loc, "all")
            yield self._block(scope, key, "all", "", {**plain, **everything}, at, everything.keys())
        for level in ("fields", "sections"):
            for what, settings in self._mapping((*loc, level), body.get(level) or {}).items():
                where = (*loc, level, what)
                wrong = self._words.target(str(what)) if level == "fields" else self._words.section(str(what))
                if wrong:
                    self._wrong(where, wrong)
                target = paths.canonical(str(what)) if level == "fields" else str(what)
                yield self._block(scope, key, level, target, self._mapping(where, settings), where)

    def _block(
        self,
        scope: str,
        key: str,
        level: str,
        target: str,
        settings: Mapping[str, Any],
        loc: Loc,
        inside: Collection[str] = (),
    ) -> _Block:
        """Read settings; those named in `inside` stand below `all`."""
        self._check_keys(loc, settings, SETTINGS)
        below = loc if loc[-1] == "all" else (*loc, "all")
        checked = {
            setting: self._checked((*(below if setting in inside else loc), setting), setting, value)
            for setting, value in settings.items()
            if setting in SETTINGS and setting != "when"
        }
        when = self._condition((*loc, "when"), settings["when"]) if "when" in settings else {}
        return _Block(scope, key, level, target, checked, when, ".".join(map(str, loc)), self._words)

    def _checked(self, loc: Loc, setting: str, value: object) -> object:
        if setting in CHOICES:
            self._one_of(loc, value, CHOICES[setting])
            return value
        if setting == "operations":
            listed = tuple(value) if isinstance(value, (list, tuple)) else (value,)
            for one in listed:
                self._one_of(loc, one, OPERATIONS)
            return listed
        self._known_system(loc, value)
        return value

    def _condition(self, loc: Loc, value: object) -> Mapping[str, frozenset[str]]:
        """Read `when:` through the types of its fields."""
        found = {}
        for name, wanted in self._mapping(loc, value).items():
            path = paths.canonical(str(name))
            if wrong := self._words.condition(path):
                self._wrong((*loc, name), wrong)
                continue
            texts = [_written(one) for one in (wanted if isinstance(wanted, (list, tuple)) else (wanted,))]
            for at, text in enumerate(texts):
                place = (*loc, name, at) if isinstance(wanted, (list, tuple)) else (*loc, name)
                if text is _NO_VALUE:
                    self._wrong(place, "expected one value, or a list of values")
                elif wrong := self._words.value(path, text):
                    self._wrong(place, wrong)
            found[path] = frozenset(self._words.key(path, text) for text in texts)
        return found

    def _one_of(self, loc: Loc, value: object, known: Collection[str]) -> None:
        if value not in known:
            self._wrong(loc, not_one_of(value, known))

    def _known_system(self, loc: Loc, value: object) -> None:
        if not isinstance(value, str) or not value:
            self._wrong(loc, f"expected the name of a system, got {shown(value)}")
        elif self._systems and value not in self._systems:
            self._wrong(loc, not_one_of(value, self._systems))

    def _mapping(self, loc: Loc, value: object) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self._wrong(loc, f"expected a mapping, got {shown(value)}")
        return {}

    def _check_keys(self, loc: Loc, found: Mapping[str, Any], known: Collection[str]) -> None:
        for key in found:
            if key not in known:
                hint = f"The keys here are {', '.join(known)}."
                self._wrong((*loc, key), f"there is no such key{did_you_mean(str(key), known)}", hint)


_NO_VALUE: Final = "\0"
"""What stands where one value belongs and is none."""


def _written(value: object) -> str | None:
    """Give a value of a condition as text; rules made by programs may hold flags and numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, Decimal)) else _NO_VALUE


def _pair_names(key: str, systems: Collection[str]) -> tuple[str, str] | None:
    """Read `crm+quote`, `crm/quote`, `crm, quote` …: the two names with nothing but marks between them."""
    for first in systems:
        rest = key.removeprefix(first)
        mark = re.match(r"\s*[^\w\s]+\s*|\s+", rest) if rest != key else None
        second = rest[mark.end() :] if mark else first
        if second != first and second in systems:
            return first, second
    parts = [part for part in re.split(r"\s*[+,/&|<>]+\s*|\s+", key.strip()) if part]
    return (parts[0], parts[1]) if len(parts) == 2 and parts[0] != parts[1] else None  # noqa: PLR2004 - a pair
