"""Patience: what is lost is asked again, and only what is too large is asked for in smaller pieces from then on."""

from collectors.poller.asking import Asking
from collectors.snmp.session import Answer, NoAnswer, Pdu
from tests.unit.collectors.agent_in_memory import IFX, Agent, SessionInMemory, router
from tests.unit.collectors.virtual_time import in_virtual_time

PROBE = Pdu(["1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"])
ROWS = [Pdu(*([f"{IFX}.{column}.{n}" for column in (1, 6, 10)] for n in (one, one + 1))) for one in (1, 3)]


class Lossy(SessionInMemory):
    """Loses requests by their numbers, from 1."""

    def __init__(self, agent: Agent, *lost: int) -> None:
        super().__init__(agent)
        self._lost = lost
        self.asked: list[int] = []

    async def get(self, pdu: Pdu, timeout_s: float) -> Answer:
        self.asked.append(len(pdu.oids))
        if len(self.asked) in self._lost:
            raise NoAnswer("lost")
        return await super().get(pdu, timeout_s)


def asked(
    *lost: int, doubted: bool = False, bears_varbinds: int = 1000, bound: int | None = None
) -> tuple[Asking, Lossy]:
    """A probe and two PDUs of two interfaces each; whatever is lost, everything is known in the end."""
    agent = router("ether1", "ether2", "ether3", "ether4")
    agent.bears_varbinds = bears_varbinds

    async def main() -> tuple[Asking, Lossy]:
        session = Lossy(agent, *lost)
        asking = Asking(session, 0.5, bound, doubted=doubted)
        await asking.get(PROBE)
        await asking.get_all(ROWS)
        return asking, session

    asking, session = in_virtual_time(main())
    for pdu in ROWS:
        for group in pdu.groups:
            read = asking.group(group)
            assert read is not None
            assert read[0] == tuple(agent.objects[oid] for oid in group)
    return asking, session


def test_nothing_is_asked_twice_when_all_goes_well() -> None:
    asking, session = asked()
    assert session.asked == [2, 6, 6]
    assert (asking.max_varbinds, asking.doubts) == (None, 0)


def test_one_loss_is_a_loss() -> None:
    asking, session = asked(2)
    assert session.asked == [2, 6, 3, 6, 6]
    assert (asking.max_varbinds, asking.doubts) == (None, 0)


def test_the_same_pdu_lost_twice_is_a_doubt_and_no_bound_yet() -> None:
    asking, session = asked(2, 4)
    assert session.asked == [2, 6, 3, 6, 3, 6]
    assert (asking.max_varbinds, asking.doubts) == (None, 1)


def test_lesson_05_a_doubt_at_two_visits_is_a_bound() -> None:
    asking, session = asked(2, 4, doubted=True)
    assert session.asked == [2, 6, 3, 6, 3, 3, 3]
    assert asking.max_varbinds == 3


def test_lesson_05_what_the_device_refuses_itself_is_a_bound_at_once() -> None:
    asking, session = asked(bears_varbinds=3)
    assert session.asked == [2, 6, 3, 6, 3, 3, 3]  # get_all does not say why: the second refusal is heard
    assert asking.max_varbinds == 3


def test_what_is_known_to_be_too_large_is_not_sent() -> None:
    asking, session = asked(bears_varbinds=2, bound=2)
    assert max(session.asked) == 2
    assert (asking.max_varbinds, asking.doubts) == (2, 0)
