"""Several faults at once, by seed: whatever a device does, no counter is wrong, no deadline missed, and once it is
well again its next report is whole."""

import random
from collections.abc import Callable

import pytest

from netmon.model.access import SnmpVersion
from netmon.model.poll import Outcome
from tests.agent.collectors.polling import names, polling
from tests.real import ber, faults
from tests.real.ber import GEN_ERR, NO_SUCH_NAME, TOO_BIG
from tests.real.faulty import IFX, IN_OCTETS, OUT_OCTETS, Fault

SHORT = {"timeout_s": 0.03, "deadline_s": 0.6}


def a_fault(chance: random.Random) -> Fault:
    """One of them, made anew."""
    spoilt_column = chance.choice([IN_OCTETS, OUT_OCTETS, (*IFX, 1)])
    error, most = chance.choice([TOO_BIG, NO_SUCH_NAME, GEN_ERR]), chance.choice([1, 3, 7, 20])
    kinds: list[Callable[[], Fault]] = [
        lambda: faults.doubles(),
        lambda: faults.forged_before(guesses=3, seed=chance.randrange(99)),
        lambda: faults.reordered(chance.randrange(99)),
        lambda: faults.extra_rows(),
        lambda: faults.answers_late(),
        lambda: faults.answers_after(0.01),
        lambda: faults.missing_rows(chance.randint(2, 9)),
        lambda: faults.bears_varbinds(most, faults.fails(error, rows=chance.random() < 0.5)),
        lambda: faults.every(3, faults.silent),
        lambda: faults.every(4, faults.noise(50, seed=1)),
        lambda: faults.every(5, faults.truncated(3)),
        lambda: faults.every(3, faults.other_rows(chance.choice([1, -1, 2]))),
        lambda: faults.every(3, faults.retyped((ber.OCTETS, b"x"), [spoilt_column])),
        lambda: faults.every(4, faults.fails(GEN_ERR, 1)),
        lambda: faults.every(3, faults.echoes(request_id=1)),
        lambda: faults.every(2, faults.answers_by("127.0.0.3")),
    ]
    return chance.choice(kinds)()


@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
@pytest.mark.parametrize("seed", range(12))
async def test_no_mixture_of_faults_makes_a_counter_wrong(seed: int, version: SnmpVersion) -> None:
    chance = random.Random(seed)
    answers_from = chance.choice([[], ["127.0.0.3"]])
    async with polling(chance.choice([1, 3, 12, 30]), version=version, answers_from=answers_from, **SHORT) as device:
        device.watched = list(device.agent.names.values())
        device.agent.faults = [a_fault(chance) for _ in range(chance.randint(1, 3))]
        for _ in range(4):
            if chance.random() < 0.3:
                shuffled = chance.sample(device.watched, len(device.watched))
                device.agent.names = dict(zip(device.agent.names, shuffled, strict=True))
                device.agent.rebuild()
            await device.poll()
        device.agent.faults = []
        await device.poll()
        report = await device.poll()
        assert report.outcome is Outcome.COMPLETE
        assert {*names(report), *report.absent} == {*device.watched}
