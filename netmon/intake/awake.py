"""The few links that something is the matter with: only they have conditions, and only until all is at rest again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netmon.intake.conditions import Condition, conditions_of
from netmon.intake.pending import Pending
from netmon.model.finding import Subject, SubjectKind
from netmon.model.registry import Link
from netmon.model.sample import LinkSample
from netmon.signals.config import SignalsConfig
from netmon.signals.index import LINK_SIGNALS


class Awake:
    """Conditions by link number. A state at rest is the same as one that has seen nothing, so a condition that comes
    to rest can be dropped: 480,000 links need no two million of them."""

    def __init__(self, links: Sequence[Link], config: SignalsConfig, poll_interval_s: int) -> None:
        self._links, self._config, self._poll_interval_s = links, config, poll_interval_s
        self._conditions: dict[int, tuple[Condition, ...]] = {}
        self.awake: NDArray[np.bool_] = np.zeros(len(links), np.bool_)
        """Which links have a condition that is not at rest."""

    def judge(self, number: int, sample: LinkSample, pending: Pending) -> None:
        """Let all of a link's conditions see a sample."""
        conditions = self._conditions.get(number) or self._made(number)
        for condition in conditions:
            condition.see(sample, pending)
        self._keep(number, conditions)

    def restore(self, number: int, key: str, remembered: bytes) -> bool:
        """Wake a link's condition with what was remembered; False where the link has none of this key.
        ``msgspec.MsgspecError`` where it cannot be read."""
        conditions = self._conditions.get(number) or self._made(number)
        for condition in conditions:
            if condition.key == key:
                condition.restore(remembered)
                self._keep(number, conditions)
                return True
        return False

    def _made(self, number: int) -> tuple[Condition, ...]:
        link = self._links[number]
        subject = Subject(SubjectKind.LINK, link.id)
        return conditions_of(LINK_SIGNALS, link, subject, self._config, self._poll_interval_s)

    def _keep(self, number: int, conditions: tuple[Condition, ...]) -> None:
        """Only if it is needed."""
        self.awake[number] = awake = not all(condition.at_rest for condition in conditions)
        if awake:
            self._conditions[number] = conditions
        else:
            self._conditions.pop(number, None)
