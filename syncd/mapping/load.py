"""Find and compile mapping files: those of a folder of one's own first, then those that ship with syncd."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from syncd.errors import ConfigError
from syncd.mapping.compile import Mapping, compile_mapping
from syncd.text.nearest import did_you_mean
from syncd.text.yaml import decoded

_PACKAGE = Path(__file__).resolve().parents[1]
SHIPPED = next(
    (folder for folder in (_PACKAGE / "_data" / "mappings", _PACKAGE.parent / "mappings") if folder.is_dir()), _PACKAGE
)
"""In the wheel, or in a checkout."""


def load_mapping(path_or_name: str | Path, folder: Path | None = None) -> Mapping:
    """Compile a mapping: a file, or the name of a system, looked up in `folder` and then among the shipped ones. Raises
    ConfigError."""
    file = Path(path_or_name)
    if file.suffix != ".yaml":
        file = _find(str(path_or_name), folder)
    try:
        modified = file.stat().st_mtime_ns
        return _compiled(file, modified)
    except OSError as error:
        raise ConfigError(f"the mapping cannot be read: {error.strerror}", file=str(file)) from error


def mapping_names(folder: Path | None = None) -> tuple[str, ...]:
    """Name the systems that have a mapping."""
    return tuple(sorted({file.stem for place in _places(folder) for file in place.glob("*.yaml")}))


def _places(folder: Path | None) -> tuple[Path, ...]:
    return (SHIPPED,) if folder is None else (folder, SHIPPED)


def _find(name: str, folder: Path | None) -> Path:
    for place in _places(folder):
        file = place / f"{name}.yaml"
        if file.is_file():
            return file
    known = mapping_names(folder)
    near = did_you_mean(name, known)
    raise ConfigError(f"no mapping is called {name!r}{near}", hint=f"There are: {', '.join(known)}.")


@lru_cache(maxsize=64)
def _compiled(file: Path, _modified: int) -> Mapping:
    return compile_mapping(decoded(file.read_bytes(), str(file)), str(file))
