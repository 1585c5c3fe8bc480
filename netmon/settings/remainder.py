"""What is left of a configuration without its faulty parts, so that one fault does not hide the others."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from netmon.settings.declared import Declared
from netmon.settings.faults import Complaint, Path
from netmon.settings.shape import is_required, kinds_at

D = TypeVar("D", bound=Declared)


@dataclass(frozen=True, slots=True)
class Remainder:
    """Bare content that may validate, and where the entries that are left of each list stood before."""

    content: dict[str, Any]
    positions: dict[str, list[int]]

    @classmethod
    def of(cls, content: Mapping[str, Any], faulty: Iterable[Path], root: type[BaseModel]) -> "Remainder":
        """Without the value at each of these paths; a list below an entry goes as a whole.

        What the entry cannot do without gets a stand-in, so that the checks see the rest of it. They may complain
        about the stand-in too, but only at its own path, about which all has been said.
        """
        rest = copy.deepcopy(dict(content))
        for number, path in enumerate(sorted(faulty, key=str), start=1):
            stand_in = _stand_in(root, path, number)
            if stand_in is not None:
                _put(rest, path, stand_in)
                continue
            second_index = next((i for i, step in enumerate(path) if i > 1 and isinstance(step, int)), len(path))
            _remove(rest, path[:second_index])
        return cls(rest, {})

    def validated(self, model: type[D]) -> D | None:
        """The model of it, without the entries and sections that lack something now; None if even that is none."""
        content = {k: v for k, v in self.content.items() if k in model.model_fields}
        try:
            return model.model_validate(content)
        except ValidationError as error:
            incomplete = {problem["loc"][:2] for problem in error.errors(include_url=False, include_input=False)}
        self.positions.clear()
        for section in {str(loc[0]) for loc in incomplete if loc}:
            entries = content.pop(section, None)
            gone = {loc[1] for loc in incomplete if loc[0] == section and len(loc) > 1}
            if isinstance(entries, list):
                self.positions[section] = [i for i in range(len(entries)) if i not in gone]
                content[section] = [entries[i] for i in self.positions[section]]
        try:
            return model.model_validate(content)
        except ValidationError:
            return None

    def relocated(self, complaint: Complaint) -> Complaint:
        """A complaint about the remainder, at the place where the person wrote it."""
        first = None if complaint.first is None else self._moved(complaint.first)
        return replace(complaint, path=self._moved(complaint.path), first=first)

    def _moved(self, path: Path) -> Path:
        if len(path) > 1 and path[0] in self.positions and isinstance(path[1], int):
            return (path[0], self.positions[str(path[0])][path[1]], *path[2:])
        return path


def _stand_in(root: type[BaseModel], path: Path, number: int) -> str | float | None:
    """Something of the right type for a required key or a text in a list; None where the value can simply go.

    Each text is another one, so that no two faulty entries seem to clash."""
    in_list = bool(path) and isinstance(path[-1], int)
    if not in_list and not is_required(root, path):
        return None
    kinds = kinds_at(root, path)
    if str in kinds:
        return f"(faulty {number})"
    return 1.0 if float in kinds and not in_list else None


def _put(content: dict[str, Any], path: Path, stand_in: str | float) -> None:
    """In the place of what is there; a whole number instead of text (``code: 72``) was surely meant as its text."""
    parent = _parent(content, path)
    given = _child(parent, path[-1])
    value = str(given) if isinstance(stand_in, str) and type(given) is int else stand_in
    if isinstance(parent, dict) or given is not None:
        parent[path[-1]] = value


def _remove(content: dict[str, Any], path: Path) -> None:
    parent = _parent(content, path)
    if isinstance(parent, dict) and path:
        parent.pop(path[-1], None)
    elif isinstance(parent, list) and isinstance(path[-1], int):
        parent[path[-1]] = None  # an entry that is no mapping at all: a hole keeps the others in their places


def _parent(content: dict[str, Any], path: Path) -> Any:
    parent: Any = content
    for step in path[:-1]:
        parent = _child(parent, step)
    return parent


def _child(parent: Any, step: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(step)
    return parent[step] if isinstance(parent, list) and isinstance(step, int) and step < len(parent) else None
