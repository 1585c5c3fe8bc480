"""From a path to a configuration that may be believed, or to every fault that it has."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from netmon.model.registry import Registry
from netmon.settings.declared import Declared
from netmon.settings.document import Document, read
from netmon.settings.faults import Complaint, Fault, Faulty, Path
from netmon.settings.interpolate import interpolate
from netmon.settings.nodes import Node
from netmon.settings.references import Names
from netmon.settings.registry import CHECKS, registry_of
from netmon.settings.remainder import Remainder
from netmon.settings.shape import is_file_path, keys_at
from netmon.settings.translate import translate

R = TypeVar("R", bound=Declared)
Check = Callable[[R, Names], Iterable[Complaint]]
"""A check over the whole configuration. It is also run on what is left of a faulty one, so it consults ``Names``."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """A configuration without faults."""

    configuration: R = field(repr=False)
    registry: Registry = field(repr=False)
    warnings: tuple[Fault, ...]
    files: tuple[str, ...]
    hidden: frozenset[Path] = field(repr=False)
    """Paths whose values came from ``${env:…}`` or ``${file:…}``; nobody shows them."""

    @property
    def path(self) -> str:
        """The file that it was loaded from; the others were included."""
        return self.files[0]


def load(
    path: str | os.PathLike[str],
    root: type[R],
    extra_checks: Sequence[Check[R]] = (),
    environment: Mapping[str, str] | None = None,
) -> Loaded[R]:
    """Read, check and build. Raises ``Faulty`` with every fault that can be found, and nothing else."""
    unreadable: list[Fault] = []
    document = read(os.fspath(path), unreadable)
    if unreadable and not document.root.value:
        raise Faulty(unreadable)
    document, complaints = interpolate(document, os.environ if environment is None else environment)
    document = replace(document, root=_with_whole_paths(document.root, root, ()))
    configuration = _checked(document, root, extra_checks, complaints)
    faults = unreadable + [document.fault(c) for c in complaints if not c.warning]
    if faults or configuration is None:
        raise Faulty(_in_order(faults, document.files))
    warnings = _in_order((document.fault(c) for c in complaints), document.files)
    hidden = frozenset(_hidden(document.root, ()))
    return Loaded(configuration, registry_of(configuration), tuple(warnings), document.files, hidden)


def _checked(
    document: Document, root: type[R], extra_checks: Sequence[Check[R]], complaints: list[Complaint]
) -> R | None:
    """The configuration, if the model takes it as it is. ``complaints`` grows by all that is found, except what
    only follows from a complaint already made."""
    content = {k: v for k, v in document.root.plain().items() if v is not None or k not in keys_at(root, ())}
    names = _names(content)
    told = {c.path for c in complaints if not c.warning}
    configuration: R | None = None
    try:
        configuration = root.model_validate(content)
        further = _all_checks(configuration, extra_checks, names)
    except ValidationError as error:
        found, about = translate(error, root, document.root)
        complaints += [c for c in found if c.path not in told]
        told |= about
        rest = Remainder.of(content, about, root)
        further = [rest.relocated(c) for c in _checks_of_the_rest(rest, root, extra_checks, names)]
    complaints += [c for c in further if not any(c.path[: n + 1] in told for n in range(len(c.path)))]
    return configuration


def _all_checks(configuration: R, extra_checks: Sequence[Check[R]], names: Names) -> list[Complaint]:
    return [c for check in (*CHECKS, *extra_checks) for c in check(configuration, names)]


def _checks_of_the_rest(
    rest: Remainder, root: type[R], extra_checks: Sequence[Check[R]], names: Names
) -> list[Complaint]:
    """What the checks say about the sound part of a faulty configuration."""
    if (whole := rest.validated(root)) is not None:
        return _all_checks(whole, extra_checks, names)
    declared = rest.validated(Declared)
    return _all_checks(declared, (), names) if declared is not None else []


def _names(content: Mapping[str, Any]) -> Names:
    sections = {key: value for key, value in content.items() if isinstance(value, list)}
    return {
        section: frozenset(
            str(name)
            for entry in entries
            if isinstance(entry, dict) and isinstance(name := entry.get("id", entry.get("code")), str)
        )
        for section, entries in sections.items()
    }


def _with_whole_paths(node: Node, root: type[R], path: Path) -> Node:
    """The tree with each path made absolute, from the folder of the file it stands in."""
    if isinstance(node.value, dict):
        return replace(node, value={k: _with_whole_paths(n, root, (*path, k)) for k, n in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_with_whole_paths(n, root, (*path, i)) for i, n in enumerate(node.value)])
    if isinstance(node.value, str) and is_file_path(root, path):
        return replace(node, value=os.path.abspath(os.path.join(node.folder, os.path.expanduser(node.value))))
    return node


def _hidden(node: Node, path: Path) -> Iterable[Path]:
    if node.hidden:
        yield path
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _hidden(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _hidden(child, (*path, index))


def _in_order(faults: Iterable[Fault], files: tuple[str, ...]) -> list[Fault]:
    order = {file: index for index, file in enumerate(files)}
    return sorted(dict.fromkeys(faults), key=lambda f: (order.get(f.file, len(order)), f.line))
