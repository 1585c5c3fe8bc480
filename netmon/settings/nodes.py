"""YAML text into a tree whose every node remembers its file and line.

Built from parser events and not from PyYAML's objects: so that a duplicate key is seen, aliases cannot explode, and a
scalar is read by the core schema of YAML 1.2, in which ``no`` is a word and ``12:30`` is not a number.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import yaml

from netmon.settings.faults import Fault, Path, Place, dotted

MAX_DEPTH = 32
MAX_NODES = 500_000
"""Of one file, aliases counted as often as they are used: ten thousand devices need a third of it."""

Scalar = str | int | float | bool | None
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)")
_WORDS: dict[str, Scalar] = {"": None, "~": None}
_WORDS |= {
    w: v for word, v in (("null", None), ("true", True), ("false", False)) for w in (word, word.title(), word.upper())
}
_IN_C: bool = yaml.__with_libyaml__
_LOADER: Any = yaml.CSafeLoader if _IN_C else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, list or mapping, and the line of the key (or list entry) that it belongs to."""

    place: Place
    value: "Scalar | list[Node] | dict[str, Node]"
    text: str = ""
    """A scalar as it was written: a region code 72.10 is the number 72.1, and the mend needs the zero."""
    hidden: bool = False
    """It came out of ``${env:…}`` or ``${file:…}``: never to be shown."""

    @property
    def folder(self) -> str:
        return os.path.dirname(self.place.file)

    @property
    def kind(self) -> str:
        """What a person calls this sort of value."""
        if isinstance(self.value, dict | list):
            return "a mapping" if isinstance(self.value, dict) else "a list"
        if self.value is None or isinstance(self.value, str):
            return "empty" if not self.value else "text"
        return "true or false" if isinstance(self.value, bool) else "a number"

    def plain(self) -> Any:
        """The bare value, as the models take it."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def find(self, path: Path) -> "Node | None":
        """The node at a path beneath this one."""
        node: Node | None = self
        for step in path:
            node = node.child(step) if node else None
        return node

    def child(self, step: str | int) -> "Node | None":
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None


def compose(text: str, file: str, faults: list[Fault]) -> Node | None:
    """The tree of one YAML text; None where it cannot be read at all, and then ``faults`` say why."""
    try:
        return _Composer(text, file, faults).document()
    except _Unreadable as problem:
        faults.append(problem.fault)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        faults.append(Fault(file, line, "", f"not valid YAML: {_harmless(error.problem)}", _syntax_hint(error.problem)))
    except (yaml.YAMLError, ValueError):
        faults.append(Fault(file, 0, "", "not valid YAML: it holds a character that YAML does not allow"))
    return None


class _Unreadable(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class _Composer:
    def __init__(self, text: str, file: str, faults: list[Fault]) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._file = file
        self._faults = faults
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0

    def document(self) -> Node:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(Place(self._file, 1), {})
        root = self._node(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(
                after, "a second document begins here", 'take the "---" away, or make it a file and include it'
            )
        return root

    def _node(self, event: Any, path: Path) -> Node:
        before = self._count
        self._spend(event, 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            self._complain(event, path, "tags are not used here", "quote a value that begins with !")
        place = self._place(event)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(place, _scalar(event), event.value)
        elif len(path) >= MAX_DEPTH:
            self._refuse(event, f"nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(place, self._sequence(path))
        else:
            node = Node(place, self._mapping(path))
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _sequence(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node = self._node(event, (*path, len(items)))
            items.append(replace(node, place=self._place(event)))
        return items

    def _mapping(self, path: Path) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key must be a plain word", "quote it, or check the braces around it")
            node = self._node(next(self._events), (*path, event.value))
            if event.value in entries:
                first = entries[event.value].place
                self._complain(event, (*path, event.value), f"given twice; first at {first}", "keep one of them")
            else:
                entries[event.value] = replace(node, place=self._place(event))
        return entries

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            self._refuse(
                event, "an alias (*) of something that is not defined before it", "quote a value that begins with *"
            )
        node, size = self._anchors[event.anchor]
        self._spend(event, size)
        return node

    def _spend(self, event: Any, nodes: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            self._refuse(
                event, f"more than {MAX_NODES} values, aliases (*) counted as often as they are used", "split it"
            )

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1)

    def _complain(self, event: Any, path: Path, message: str, hint: str = "") -> None:
        self._faults.append(Fault(self._file, event.start_mark.line + 1, dotted(path), message, hint))

    def _refuse(self, event: Any, message: str, hint: str = "") -> NoReturn:
        raise _Unreadable(Fault(self._file, event.start_mark.line + 1, "", message, hint))


def _scalar(event: Any) -> Scalar:
    """A plain scalar by the core schema (YAML 1.2, 10.3.2), with no numbers but decimal ones. What has an exponent or
    a needless 0 in front stays text, and so keeps what was written."""
    text: str = event.value
    if event.style:  # quoted, or a block: text, whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _harmless(problem: str | None) -> str:
    """The parser's words. libyaml's are constant; PyYAML's quote the text, which might be a password."""
    problem = problem or "the text makes no sense here"
    return problem if _IN_C else re.split(r"['\"]", problem)[0].strip()


def _syntax_hint(problem: str | None) -> str:
    if problem and ("cannot start any token" in problem or "tab" in problem.split()):
        return "indent with spaces, not tabs, and quote a value that begins with @, %, ` or a tab"
    if problem and "mapping values" in problem:
        return 'quote a value that holds ": "'
    return "look at the quotes, brackets and indentation of this line and those before it"
