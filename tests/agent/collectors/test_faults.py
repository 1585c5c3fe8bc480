"""Devices that fail as devices do, by the production path: what the report is, and that no counter in it is wrong.

``Polling.poll`` holds every counter of every report against what the agent's counter truly was during the poll, and
every poll against the device's deadline; the tests say what else must be.
"""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from netmon.model.access import Engine, SnmpVersion
from netmon.model.poll import Outcome
from tests.agent.collectors.polling import counted, names, polling
from tests.real import ber, faults
from tests.real.ber import GEN_ERR, TOO_BIG, Oid, Typed
from tests.real.faults import WRONG, asks_for_counters, when
from tests.real.faulty import IF, IN_OCTETS, OUT_OCTETS, Exchange, Fault, untrue

EVERYONE = ["ge-1", "ge-2", "ge-3", "ge-4"]
BOTH = [Engine.BATCH, Engine.GUFO]


# The agent and the check themselves


@pytest.mark.parametrize("by", Engine)
@pytest.mark.parametrize(("version", "bits"), [(SnmpVersion.V1, 32), (SnmpVersion.V2C, 64)])
async def test_a_healthy_agent_is_read_whole(by: Engine, version: SnmpVersion, bits: int) -> None:
    async with polling(by=by, version=version, known=False) as device:
        for _ in range(2):
            report = await device.poll()
            assert (report.outcome, report.reason, counted(report)) == (Outcome.COMPLETE, "", EVERYONE)
            assert {row.counter_bits for row in report.interfaces} == {bits}
            assert report.facts.engine_boots == 1


@pytest.mark.parametrize(
    "in_octets", [lambda said: said[*IN_OCTETS, 3], lambda said: (ber.COUNTER64, ber.digits(WRONG))]
)
async def test_the_check_finds_a_counter_that_is_another_ones(in_octets: Callable[[dict[Oid, Typed]], Typed]) -> None:
    """Else all the other tests here would prove nothing."""
    async with polling() as device:
        everyones = faults.rows(
            lambda said: [(oid, in_octets(dict(said)) if oid == (*IN_OCTETS, 2) else value) for oid, value in said]
        )
        device.agent.faults = [when(asks_for_counters, everyones)]
        report = await device.visit()
        assert report.outcome is Outcome.COMPLETE
        (wrong,) = untrue(report, device.agent)
        assert wrong.startswith("ge-2 6")


# What costs nothing but time


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (lambda: faults.doubles(), {"unasked"}),
        (lambda: faults.forged_before(guesses=4), {"unasked"}),
        (lambda: faults.cut_off_before(), {"garbled"}),
        (lambda: faults.trailing(b"\x00garbage\x30\x82"), set()),
        (lambda: faults.reordered(), set()),
        (lambda: faults.extra_rows(), set()),
        (lambda: faults.answers_after(0.05), set()),
        (lambda: faults.answers_late(), {"unasked"}),
        (lambda: faults.every(3, faults.silent), set()),
        (lambda: faults.every(3, faults.noise(60, seed=3)), {"garbled"}),
        (lambda: faults.every(4, faults.truncated(1)), {"garbled"}),
        (lambda: faults.first(1, faults.fails(GEN_ERR)), set()),
        (lambda: faults.first(1, faults.fails(TOO_BIG, rows=True)), set()),
    ],
    ids=lambda each: "" if isinstance(each, set) else "-".join(each.__code__.co_names[1:]),
)
@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_what_is_harmless_leaves_the_report_whole(
    make: Callable[[], Fault], reasons: set[str], version: SnmpVersion
) -> None:
    async with polling(version=version) as device:
        device.agent.faults = [make()]
        for _ in range(2):
            report = await device.poll()
            assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert set(device.dropped) == reasons


async def test_an_answer_that_is_cut_off_anywhere_is_counted_and_never_believed() -> None:
    async with polling(interfaces=1) as device:
        sizes: list[int] = []

        def note(exchange: Exchange) -> None:
            sizes.append(len(exchange.response.octets()) if exchange.response else 0)

        device.agent.faults = [note, faults.cut_off_before()]
        assert (await device.poll()).outcome is Outcome.COMPLETE
        assert device.dropped == {"garbled": sum(sizes) - len(sizes)}  # an empty datagram is never sent
        assert len(sizes) == 2


# Whose answer it is


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.echoes(community=b"publiC"), "estranged"),
        (faults.echoes(community=b""), "estranged"),
        (faults.echoes(version=0), "estranged"),
        (faults.echoes(version=3), "estranged"),
        (faults.echoes(request_id=1), "unasked"),
        (faults.answers_by("127.0.0.2"), "elsewhere"),
        (faults.answers_by("127.0.0.1", port=0), "elsewhere"),
    ],
)
async def test_an_answer_that_may_be_another_ones_is_dropped_and_counted(fault: Fault, reason: str) -> None:
    async with polling(timeout_s=0.05) as device:
        device.agent.faults = [fault]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.TIMEOUT, [])
        assert device.dropped == {reason: 2}  # the probe, and once more
        assert device.agent.gets()[-2:] == [device.agent.gets()[-1]] * 2
        device.agent.faults = [when(asks_for_counters, fault)]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.PARTIAL, [])
        assert report.reason
        device.agent.faults = []
        assert counted(await device.poll()) == EVERYONE


async def test_an_unexpected_address_with_the_right_request_id_is_hinted_at_once() -> None:
    async with polling(timeout_s=0.05) as device:
        device.agent.faults = [faults.answers_by("127.0.0.2")]
        with capture_logs() as logs:
            for _ in range(3):
                await device.poll()
        (hint,) = [each for each in logs if each["event"] == "answer from another address"]
        assert (hint["device"], hint["source"]) == ("odd", f"127.0.0.2:{device.device.port}")
        assert "answers_from" in hint["mend"]
        assert device.dropped == {"elsewhere": 6}


async def test_a_device_that_answers_from_an_address_that_is_known_is_read_and_walked() -> None:
    async with polling(known=False, answers_from=["127.0.0.2"]) as device:
        device.agent.faults = [faults.answers_by("127.0.0.2")]
        for _ in range(2):
            report = await device.poll()
            assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert not device.dropped


# Octets that are no answer


@pytest.mark.parametrize("fault", [faults.noise(90, seed=1), faults.truncated(1), faults.truncated(60)])
async def test_a_device_that_sends_no_proper_answer_is_malformed(fault: Fault) -> None:
    async with polling(timeout_s=0.05) as device:
        device.agent.faults = [fault]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.MALFORMED, [])
        assert device.dropped["garbled"] >= 2
        device.agent.faults = [when(asks_for_counters, fault)]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.PARTIAL, [])


@pytest.mark.parametrize("seed", range(8))
async def test_an_octet_that_is_damaged_on_the_way_spoils_one_value_at_most(seed: int) -> None:
    """Nothing shows the damage within a value; what shifts or mixes the others must show."""
    async with polling(timeout_s=0.02, deadline_s=0.5) as device:
        spoilt = faults.damaged(1, seed)
        damaged: list[Exchange] = []
        device.agent.faults = [
            when(asks_for_counters, lambda exchange: (damaged.append(exchange), spoilt(exchange))[1])
        ]
        for _ in range(5):
            damaged.clear()
            report = await device.visit()
            assert report.outcome.answered
            assert len(untrue(report, device.agent)) <= len(damaged)


# Varbinds


async def test_varbinds_that_are_missing_are_asked_for_or_missing_and_never_others() -> None:
    async with polling() as device:
        device.agent.faults = [when(asks_for_counters, faults.missing_rows(every_nth=5))]
        report = await device.poll()
        assert report.outcome.answered
        device.agent.faults = [when(asks_for_counters, faults.other_rows(step=1))]
        report = await device.poll()
        assert report.outcome.answered
        device.agent.faults = [when(asks_for_counters, faults.other_rows(step=100))]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.PARTIAL, [])


@pytest.mark.parametrize(
    "value",
    [
        (ber.OCTETS, b"12345"),
        (ber.INTEGER, ber.digits(-5)),
        (ber.OID, ber.oid_digits((1, 3, 6, 1))),
        (ber.NULL, b""),
        (ber.NO_SUCH_INSTANCE, b""),
        (ber.END_OF_MIB_VIEW, b""),
    ],
)
async def test_what_is_no_counter_is_a_gap_and_spoils_nothing_else(value: Typed) -> None:
    async with polling() as device:
        device.agent.faults = [faults.retyped(value)]
        report = await device.poll()
        assert (report.outcome, names(report)) == (Outcome.COMPLETE, EVERYONE)
        assert {row.in_octets for row in report.interfaces} == {None}
        assert all(row.out_octets for row in report.interfaces)


@pytest.mark.parametrize(
    "value",
    [
        (ber.COUNTER64, b"\x01" + bytes(9)),
        (ber.COUNTER32, b"\x01" + bytes(4)),
        (ber.COUNTER64, b""),
        (ber.INTEGER, bytes(10)),
        (0x1F, b"what"),
        (ber.NULL, b"\x00"),
    ],
)
async def test_a_value_that_no_such_type_can_hold_is_never_a_counter(value: Typed) -> None:
    """The PDU is no proper answer; what of the device can be read without it is."""
    async with polling(timeout_s=0.05) as device:
        device.agent.faults = [faults.retyped(value, [IN_OCTETS, OUT_OCTETS])]
        report = await device.poll()
        assert report.outcome is Outcome.PARTIAL
        assert counted(report) == []
        assert report.facts.engine_boots == 1


@pytest.mark.parametrize("by", BOTH)
async def test_what_a_v1_device_does_not_have_is_left_out_and_the_rest_is_read(by: Engine) -> None:
    async with polling(by=by, version=SnmpVersion.V1, known=False) as device:
        for each in (3, 4):
            del device.agent.objects[*IF, 13, each]
        for _ in range(2):
            report = await device.poll()
            assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
            assert [row.in_discards for row in report.interfaces] == [0, 0, None, None]


async def test_a_column_that_a_v1_device_has_no_more_is_a_gap() -> None:
    async with polling(version=SnmpVersion.V1) as device:
        for each in (1, 2, 3, 4):
            del device.agent.objects[*IF, 13, each]
        report = await device.poll()
        assert (report.outcome, counted(report)) == (Outcome.COMPLETE, EVERYONE)
        assert {row.in_discards for row in report.interfaces} == {None}


@pytest.mark.xfail(
    strict=True,
    reason="left alone: an agent that leaves varbinds out of every large answer, without a word, on the one poll from "
    "which its table is learned, is believed not to have them, until the table is learned again a day later",
)
@pytest.mark.parametrize("version", [SnmpVersion.V1, SnmpVersion.V2C])
async def test_a_counter_that_one_answer_left_out_when_the_table_was_learned_is_asked_for_again(
    version: SnmpVersion,
) -> None:
    lost = {IN_OCTETS, (*IF, 10)}
    left_out = faults.rows(lambda said: [row for row in said if row[0][:-1] not in lost])
    async with polling(version=version, known=False) as device:
        device.agent.faults = [when(lambda exchange: len(exchange.asked.oids) > 9, left_out)]
        await device.poll()
        device.agent.faults = []
        for _ in range(2):
            report = await device.poll()
        assert counted(report) == EVERYONE
