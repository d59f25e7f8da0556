"""Every kind there is, found by listing the `kinds` folders: a new kind is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from portctl.model.kind import Kind

PROVIDERS = ("gitlab", "port", "servicenow")


@cache
def catalogue() -> Mapping[str, Kind]:
    """Full name -> kind, sorted by name."""
    kinds = [kind for provider in PROVIDERS for kind in _declared(provider)]
    kinds.sort(key=lambda kind: kind.full_name)
    return MappingProxyType(_by(kinds, "name", [kind.full_name for kind in kinds]))


@cache
def folders() -> Mapping[str, Kind]:
    """Folder -> the kind of a body that stands there without an envelope."""
    kinds = [kind for kind in catalogue().values() if kind.folder]
    return MappingProxyType(_by(kinds, "folder", [kind.folder for kind in kinds]))


def _declared(provider: str) -> list[Kind]:
    package = importlib.import_module(f"portctl.providers.{provider}.kinds")
    modules = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}").KIND for name in modules]


def _by(kinds: list[Kind], what: str, keys: list[str]) -> dict[str, Kind]:
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise RuntimeError(f"two kinds share the {what} {', '.join(twice)}")
    return dict(zip(keys, kinds, strict=True))
