"""When a delivery is tried again, and when it is given up. Pure: chance is an argument."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from netmon.alerts.channel import DeliveryFailed
from netmon.store.ports import Delivery, DeliveryState

FIRST_WAIT_S = 5.0
GROWTH = 3.0
LONGEST_WAIT_S = 900.0
LONGEST_ASKED_S = 3600.0
"""A carrier may ask for longer than we would wait by ourselves, yet an alert that is put off for a day is none."""
JITTER = 0.2
UNKNOWN_END = "two attempts ended unknown (the service stopped while sending): a third could repeat the message"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended: a receipt, or the failure."""

    at: datetime
    receipt: str | None = None
    failure: DeliveryFailed | None = None


def begin(delivery: Delivery) -> Delivery:
    """As it must stand in the ledger before anything is sent; a left-over attempt is made up for once, then given
    up."""
    left_over = delivery.state is DeliveryState.SENDING
    if left_over and delivery.uncertain:
        return replace(delivery, state=DeliveryState.FAILED, uncertain=2, reason=UNKNOWN_END, due_at=None)
    uncertain = delivery.uncertain + left_over
    return replace(delivery, state=DeliveryState.SENDING, attempts=delivery.attempts + 1, uncertain=uncertain)


def settle(delivery: Delivery, attempt: Attempt, most_attempts: int, chance: float) -> Delivery:
    """As it stands after the attempt. ``chance`` is in [0, 1) and spreads the retries of many deliveries."""
    failure = attempt.failure
    if failure is None:
        return replace(
            delivery,
            state=DeliveryState.DELIVERED,
            delivered_at=attempt.at,
            receipt=attempt.receipt,
            reason=None,
            due_at=None,
        )
    if not failure.retry or delivery.attempts >= most_attempts:
        return replace(delivery, state=DeliveryState.FAILED, reason=str(failure), due_at=None)
    due_at = attempt.at + timedelta(seconds=wait_s(delivery.attempts, failure.after_s, chance))
    return replace(delivery, state=DeliveryState.PENDING, reason=str(failure), due_at=due_at)


def wait_s(attempts: int, asked_s: float | None, chance: float) -> float:
    """Seconds before the next attempt: 5, 15, 45 … up to 15 minutes, each 20 % up or down by chance; never less than
    the carrier asked for (Retry-After), which counts up to an hour."""
    backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * GROWTH ** min(attempts - 1, 10))
    spread = backoff * (1 + JITTER * (2 * chance - 1))
    return max(spread, min(asked_s or 0.0, LONGEST_ASKED_S))
