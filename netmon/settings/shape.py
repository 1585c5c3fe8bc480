"""What a model expects at a path: its keys for a "did you mean", which values are secrets, which are paths."""

import functools
import types
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from netmon.settings.faults import Path

Kinds = tuple[Any, ...]
"""The types that a value may have, unions taken apart and None left out."""


def kinds_at(root: type[BaseModel], path: Path) -> Kinds:
    """Every type that the model allows at a path; empty where it knows no such key."""
    return _kinds_at(root, tuple(0 if isinstance(step, int) else step for step in path))


def keys_at(root: type[BaseModel], path: Path, tag: str | None = None) -> tuple[str, ...]:
    """The keys that may stand in the mapping at a path, as they are written; of one member of a union if tagged."""
    models = [kind for kind in kinds_at(root, path) if _is_model(kind)]
    tagged = [m for m in models if tag is not None and (m.__name__ == tag or tag in _literals(m))]
    return tuple(dict.fromkeys(name for model in tagged or models for name, _ in _fields(model)))


def is_secret(root: type[BaseModel], path: Path) -> bool:
    """Whether the value at a path must never be shown; so is what the model does not know."""
    kinds = kinds_at(root, path)
    return not kinds or SecretStr in kinds


def is_file_path(root: type[BaseModel], path: Path) -> bool:
    """Whether the value at a path names a file or folder."""
    return FilePath in kinds_at(root, path)


def is_required(root: type[BaseModel], path: Path) -> bool:
    """Whether a mapping lacks something without the key at a path."""
    models = [kind for kind in kinds_at(root, path[:-1]) if _is_model(kind)]
    fields = (
        field for model in models for name, field in model.model_fields.items() if (field.alias or name) in path[-1:]
    )
    return any(field.is_required() for field in fields)


def members(annotation: Any) -> Kinds:
    """The alternatives of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(kind for arm in get_args(annotation) for kind in members(arm))
    return () if annotation is type(None) else (annotation,)


@functools.cache
def _kinds_at(root: type[BaseModel], path: Path) -> Kinds:
    if not path:
        return (root,)
    above = _kinds_at(root, path[:-1])
    return tuple(kind for parent in above for kind in _step(parent, path[-1]))


def _step(kind: Any, step: str | int) -> Kinds:
    if _is_model(kind):
        return next((members(annotation) for name, annotation in _fields(kind) if name == step), ())
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(step, int):
        return members(arguments[0]) if origin in (list, tuple) and arguments else ()
    is_mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    return members(arguments[1]) if is_mapping else ()


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field.annotation


def _literals(model: type[BaseModel]) -> frozenset[Any]:
    """The values by which a discriminated union knows this member (``type: email``)."""
    return frozenset(
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    )


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
