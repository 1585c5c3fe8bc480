"""What can be wrong with a configuration, and how it is told: one fault, one line, with its file, key and mend."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and indices from the top of the configuration: ``("devices", 1, "address")``."""


def dotted(path: Path) -> str:
    """A path as a person would say it: ``devices[1].address``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_one_line(step)}"
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written. Line 0 is a whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, or that deserves a warning. Its text never holds a secret."""

    file: str
    line: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{Place(self.file, self.line)}: {self.path}: " if self.path else f"{Place(self.file, self.line)}: "
        return _one_line(where + self.message + (f"; {self.hint}" if self.hint else ""))


class Faulty(Exception):
    """The configuration is refused whole. Every fault that could be found is here, in the order of files and lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a check has to say about a path. The document knows the file and line, and makes it a ``Fault``."""

    path: Path
    message: str
    hint: str = ""
    first: Path | None = None
    """The other place that this one clashes with; its file and line are added to the message."""
    warning: bool = False


def quoted(value: object) -> str:
    """A value as it is shown inside a message: on one line, in double quotes, and no longer than one can read."""
    text = _one_line(str(value))
    return f'"{text[:57]}..."' if len(text) > 60 else f'"{text}"'


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or nothing."""
    near = nearest(word, known)
    return f"did you mean {quoted(near)}?" if near else ""


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that this one was most probably meant to be."""
    candidates = {k.lower(): k for k in known}
    found = difflib.get_close_matches(str(word).lower()[:100], candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else None


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
