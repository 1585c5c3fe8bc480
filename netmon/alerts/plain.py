"""Text that every carrier can take. Names come from people and devices, and may hold anything."""

import math
import re
from collections.abc import Mapping

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def plain(text: str) -> str:
    """The text in encodable characters, its lines ended by LF; what is not text becomes U+FFFD."""
    return _NOT_TEXT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters: for subjects, titles and names."""
    line = plain(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def jsonable(value: object) -> object:
    """The value in what RFC 8259 can carry: clean text, and null for a number that is not one."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {plain(str(key)): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else plain(str(value))
