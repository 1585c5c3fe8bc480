"""One configuration out of one or many files: ``include`` is followed, and all is merged into a single tree."""

import glob
import os
import re
from dataclasses import dataclass, replace

from netmon.settings.faults import Complaint, Fault, Path, Place, dotted
from netmon.settings.nodes import Node, compose

MAX_BYTES = 8_000_000
MAX_FILES = 1_000


@dataclass(frozen=True, slots=True)
class Document:
    """The merged tree; where each of its nodes was written; which files it came from."""

    root: Node
    files: tuple[str, ...]
    secrets: frozenset[str] = frozenset()
    """Texts that came out of the environment or a file; no fault shows them."""

    def __repr__(self) -> str:
        return f"Document({', '.join(self.files)})"

    def place(self, path: Path) -> Place:
        """Where a path was written, or the nearest thing above it that was."""
        while path and self.root.find(path) is None:
            path = path[:-1]
        node = self.root.find(path)
        return node.place if node and path else Place(self.files[0], 1)

    def fault(self, complaint: Complaint) -> Fault:
        """A complaint with its file and line, and without anything that was meant to stay hidden."""
        place = self.place(complaint.path)
        message = complaint.message
        if complaint.first is not None:
            message += f"; first at {self.place(complaint.first)}"
        return Fault(place.file, place.line, dotted(complaint.path), self._veil(message), self._veil(complaint.hint))

    def _veil(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def read(path: str, faults: list[Fault]) -> Document:
    """The configuration that a file and its includes make. What cannot be read is left out, and named in ``faults``."""
    reader = _Reader(faults)
    root = reader.read(path, None, ())
    return Document(root or Node(Place(path, 1), {}), tuple(reader.files) or (path,))


class _Reader:
    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults
        self._named_at: dict[str, Place] = {}
        self.files: list[str] = []

    def read(self, path: str, named_at: Place | None, above: tuple[str, ...]) -> Node | None:
        """The mapping that a file holds, its includes merged in; ``above`` are the files that led here."""
        here = named_at or Place(path)
        text = self._text(path, here, above)
        if text is None:
            return None
        self.files.append(path)
        node = compose(text, path, self._faults)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            if node.value is not None:
                self._complain(Place(path, 1), "", f"must be a mapping of sections, not {node.kind}")
            return Node(Place(path, 1), {})
        own = {key: child for key, child in node.value.items() if key != "include"}
        merged = Node(Place(path, 1), own)
        for name, place in self._includes(node.child("include")):
            included = self.read(name, place, (*above, os.path.realpath(path)))
            if included is not None:
                merged = self._merge(merged, included, ())
        return merged

    def _text(self, path: str, here: Place, above: tuple[str, ...]) -> str | None:
        key, hint = ("include", "a relative path is relative to this file") if above else ("", "")
        real = path if "\0" in path else os.path.realpath(path)
        obstacle = self._obstacle(path, real, above)
        if obstacle:
            self._complain(here, key, *obstacle)
            return None
        self._named_at[real] = here
        try:
            return read_text(path, MAX_BYTES)
        except UnicodeDecodeError:
            self._complain(Place(path), "", "is not UTF-8 text", "save it as UTF-8")
        except (OSError, ValueError) as error:
            self._complain(here, key, f"{path}: {reason(error)}" if above else reason(error), hint)
        return None

    def _obstacle(self, path: str, real: str, above: tuple[str, ...]) -> tuple[str, str] | None:
        if real in above:
            way = f" by way of {above[-1]}" if above[-1] != real else ""
            return f"{path} includes itself{way}", "break the ring"
        if real in self._named_at:
            return f"{path} is included twice; first at {self._named_at[real]}", "keep one of them"
        return (f"more than {MAX_FILES} files", "join some") if len(self.files) >= MAX_FILES else None

    def _includes(self, node: Node | None) -> list[tuple[str, Place]]:
        if node is None or node.value is None:
            return []
        names: list[tuple[str, Place]] = []
        for entry in node.value if isinstance(node.value, list) else [node]:
            if isinstance(entry.value, str) and entry.value:
                names += [(name, entry.place) for name in self._matches(entry.value, entry)]
            else:
                self._complain(entry.place, "include", f"must be a path or a list of paths, not {entry.kind}")
        return names

    def _matches(self, pattern: str, node: Node) -> list[str]:
        name = os.path.normpath(os.path.join(node.folder, pattern))
        if not re.search(r"[*?\[]", pattern) or "\0" in pattern:
            return [name]
        found = sorted(n for n in glob.glob(name) if n != os.path.normpath(node.place.file))
        if not found:
            self._complain(node.place, "include", f"no file matches {pattern}", "make one, or take the line away")
        return found

    def _merge(self, one: Node, other: Node, path: Path) -> Node:
        """Lists are joined, mappings merged; anything else that is given twice is a fault."""
        if other.value is None or one.value is None:
            return one if other.value is None else other
        if isinstance(one.value, list) and isinstance(other.value, list):
            return replace(one, value=one.value + other.value)
        if isinstance(one.value, dict) and isinstance(other.value, dict):
            merged = dict(one.value)
            for key, child in other.value.items():
                merged[key] = self._merge(merged[key], child, (*path, key)) if key in merged else child
            return replace(one, value=merged)
        self._complain(other.place, dotted(path), f"given in two files; first at {one.place}", "keep one of them")
        return one

    def _complain(self, place: Place, path: str, message: str, hint: str = "") -> None:
        self._faults.append(Fault(place.file, place.line, path, message, hint))


def read_text(path: str, max_bytes: int) -> str:
    """The text of a regular file of bounded size. Raises OSError or ValueError (UnicodeDecodeError is one)."""
    if not os.path.isfile(path):
        raise OSError(
            "is a folder" if os.path.isdir(path) else "no such file" if not os.path.exists(path) else "is no file"
        )
    with open(path, "rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(f"is larger than {max_bytes} bytes")
    return content.decode("utf-8-sig")


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be read, in plain words."""
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "its text is not UTF-8" if isinstance(error, UnicodeDecodeError) else "is no possible path"
