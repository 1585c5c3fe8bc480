"""What is left of a configuration without its faulty parts, so that one fault does not hide the others."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from netmon.settings.declared import Declared
from netmon.settings.faults import Complaint, Path

D = TypeVar("D", bound=Declared)


@dataclass(frozen=True, slots=True)
class Remainder:
    """Bare content that may validate, and where the entries that are left of each list stood before."""

    content: dict[str, Any]
    positions: dict[str, list[int]]

    @classmethod
    def of(cls, content: Mapping[str, Any], faulty: Iterable[Path]) -> "Remainder":
        """Without the value at each of these paths; a list below an entry goes as a whole."""
        rest = copy.deepcopy(dict(content))
        for path in faulty:
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


def _remove(content: dict[str, Any], path: Path) -> None:
    parent: Any = content
    for step in path[:-1]:
        parent = _child(parent, step)
    if isinstance(parent, dict) and path:
        parent.pop(path[-1], None)
    elif isinstance(parent, list) and isinstance(path[-1], int):
        parent[path[-1]] = None  # an entry that is no mapping at all: a hole keeps the others in their places


def _child(parent: Any, step: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(step)
    return parent[step] if isinstance(parent, list) and isinstance(step, int) and step < len(parent) else None
