"""A secret that cannot be printed by accident."""

import hmac


class Secret:
    """Wraps a community, key, password or token. ``str``, ``repr`` and f-strings show asterisks;
    ``reveal()`` is the one, greppable, way to the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the wire alone."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Constant-time, so that comparing is never a side channel."""
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)
