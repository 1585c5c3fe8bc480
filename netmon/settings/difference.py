"""What changed between two configurations, in sentences: for the log at SIGHUP, and for the audit."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from netmon.settings.faults import Path, quoted
from netmon.settings.load import Loaded, R


def difference(old: Loaded[R], new: Loaded[R]) -> list[str]:
    """One sentence for each thing that is new, gone or changed; empty if nothing is. Secrets are only "changed"."""
    return list(_compared("", _content(old), _content(new)))


def _content(loaded: Loaded[Any]) -> Any:
    """The configuration as bare values; entries by their id; whatever must not be shown is a ``SecretStr``."""
    return _bare(loaded.configuration.model_dump(by_alias=True), (), loaded.hidden)


def _bare(value: Any, path: Path, hidden: frozenset[Path]) -> Any:
    if path in hidden and not isinstance(value, SecretStr):
        return SecretStr(str(value))
    if isinstance(value, dict):
        bare = {key: _bare(child, (*path, key), hidden) for key, child in value.items()}
        return _rates(bare) if {"down", "up"} <= bare.keys() <= {"down", "up", "from"} else bare
    if isinstance(value, list | tuple):
        entries = [_bare(child, (*path, index), hidden) for index, child in enumerate(value)]
        keys = [e.get("id", e.get("code")) for e in entries if isinstance(e, dict)]
        by_id = keys and len(keys) == len(entries) and all(isinstance(k, str) for k in keys)
        return dict(zip(keys, entries, strict=True)) if by_id else entries
    return value


def _rates(bare: Mapping[str, Any]) -> str | SecretStr:
    if any(isinstance(value, SecretStr) for value in bare.values()):
        return SecretStr("/".join(str(_plain(value)) for value in bare.values()))
    since = f" from {bare['from']}" if bare.get("from") is not None else ""
    return f"{bare['down']:g}/{bare['up']:g}{since}"


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _compared(where: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, list) and not new:
        new = {}
    if isinstance(new, dict) and isinstance(old, list) and not old:
        old = {}
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _keys(where, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _entries(where, old, new)
    elif isinstance(old, SecretStr) or isinstance(new, SecretStr):
        yield f"{where}: changed"
    else:
        yield f"{where}: {_said(old)} \N{RIGHTWARDS ARROW} {_said(new)}"


def _keys(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        below = f"{where}.{key}" if where else str(key)
        if key not in new:
            yield f"{where}: - {key}"
        elif key not in old:
            yield f"{where}: + {key}"
        else:
            yield from _compared(below, old[key], new[key])


def _entries(where: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Bare entries come and go; mappings without an id are compared in their order."""
    if not any(isinstance(entry, dict) for entry in (*old, *new)):
        changes = [f"- {_said(e)}" for e in old if e not in new] + [f"+ {_said(e)}" for e in new if e not in old]
        yield f"{where}: {', '.join(changes) or 'another order'}"
        return
    for index in range(max(len(old), len(new))):
        if index >= len(old) or index >= len(new):
            yield f"{where}: {'+' if index < len(new) else '-'} [{index}]"
        else:
            yield from _compared(f"{where}[{index}]", old[index], new[index])


def _said(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "***"
    if value is None:
        return "none"
    if isinstance(value, dict | list):
        return f"{len(value)} entries"
    return str(value) if isinstance(value, int | float | bool) else quoted(value).strip('"')
