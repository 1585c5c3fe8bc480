"""The seam to everything that carries a message to a person."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, in plain text; each channel escapes and splits for itself."""

    title: str
    body: str
    idempotency_key: str
    """event/stage/channel: carried along where the carrier can (Message-ID, a header), so that a repeat
    shows as one."""
    link: str
    severity: str
    payload: dict[str, object]
    """The event as JSON, for machines (webhook)."""


class DeliveryFailed(Exception):
    """The message did not get through. ``retry`` says whether trying again can help, ``after_s`` when the carrier asked
    to wait. The text is for the person who looks at the delivery; it never holds a secret."""

    def __init__(self, reason: str, *, retry: bool, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry = retry
        self.after_s = after_s


class Channel(Protocol):
    """One way to reach somebody. Blocking; called from a worker thread."""

    id: str

    def send(self, message: Message) -> str:
        """Deliver, and return the carrier's receipt (message id, status); or raise DeliveryFailed and nothing else."""
