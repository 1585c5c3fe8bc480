"""Saturation, by the definition of the field and against a naive reading of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.model.finding import Finding, Severity, Transition
from netmon.model.registry import Contract, Direction, Link
from netmon.model.sample import LinkSample
from netmon.signals import saturation
from netmon.signals.config import SaturationConfig, SignalsConfig
from netmon.signals.saturation import REST, SaturationRule

from .conftest import START

Make = Callable[..., LinkSample]
MBPS = 1_000_000
OPENED, RAISED, CLOSED = Transition.OPENED, Transition.RAISED, Transition.CLOSED
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


@pytest.fixture
def rule(link: Link) -> SaturationRule:
    return saturation.rules(link, SignalsConfig(), 30)[Direction.DOWN]


def run(rule: SaturationRule, samples: Sequence[LinkSample]) -> list[Finding]:
    state, found = REST, []
    for sample in samples:
        state, finding = saturation.judge(state, sample, rule)
        found += [finding] if finding else []
    return found


def told(findings: Sequence[Finding]) -> list[tuple[float, Transition, Severity]]:
    return [((f.at - START).total_seconds(), f.transition, f.severity) for f in findings]


def steady(sample: Make, mbps: int, start_s: int, end_s: int) -> list[LinkSample]:
    """A sample every 30 s of [start, end]."""
    return [sample(s, mbps * MBPS) for s in range(start_s, end_s + 1, 30)]


def test_a_warning_opens_at_the_first_sample_15_minutes_after_the_first_at_80_percent(
    sample: Make, rule: SaturationRule
) -> None:
    found = run(rule, steady(sample, 10, 0, 60) + steady(sample, 80, 90, 1200))
    assert told(found) == [(990, OPENED, WARNING)]
    assert found[0].aspect == "down"
    assert found[0].reason == "above_80_percent_for_15_min"
    assert found[0].detail == {
        "rate_bps": 80 * MBPS,
        "contract_bps": 100 * MBPS,
        "utilisation_permille": 800,
        "since": (START + timedelta(seconds=90)).isoformat(),
    }


def test_one_bit_below_80_percent_breaks_the_run(sample: Make, rule: SaturationRule) -> None:
    broken = [*steady(sample, 85, 0, 870), sample(900, 80 * MBPS - 1), *steady(sample, 85, 930, 1800)]
    assert run(rule, broken) == []


def test_critical_opens_at_the_third_consecutive_sample_at_90_percent(sample: Make, rule: SaturationRule) -> None:
    found = run(rule, steady(sample, 90, 0, 300))
    assert told(found) == [(60, OPENED, CRITICAL)]
    assert found[0].reason == "above_90_percent_for_3_samples"


def test_two_at_90_and_one_below_are_not_three(sample: Make, rule: SaturationRule) -> None:
    rates = [90, 95, 89, 90, 99, 85, 120, 91]
    assert run(rule, [sample(30 * n, mbps * MBPS) for n, mbps in enumerate(rates)]) == []


def test_one_condition_whose_severity_only_rises_and_that_closes_below_75(sample: Make, rule: SaturationRule) -> None:
    story = [
        *steady(sample, 82, 0, 930),
        *steady(sample, 95, 960, 1080),
        *steady(sample, 82, 1110, 2400),
        *steady(sample, 75, 2430, 2460),
        *steady(sample, 95, 2490, 2700),
        sample(2730, 75 * MBPS - 1),
        *steady(sample, 95, 2760, 2790),
    ]
    assert told(run(rule, story)) == [(900, OPENED, WARNING), (1020, RAISED, CRITICAL), (2730, CLOSED, CRITICAL)]


def test_opened_as_critical_it_is_not_opened_again_as_a_warning(sample: Make, rule: SaturationRule) -> None:
    assert told(run(rule, steady(sample, 95, 0, 2000))) == [(60, OPENED, CRITICAL)]


def test_a_gap_of_more_than_two_intervals_breaks_the_run_and_two_do_not(sample: Make, rule: SaturationRule) -> None:
    one_missed = [*steady(sample, 85, 0, 420), *steady(sample, 85, 480, 900)]
    assert told(run(rule, one_missed)) == [(900, OPENED, WARNING)]
    two_missed = [*steady(sample, 85, 0, 420), *steady(sample, 85, 510, 1410)]
    assert told(run(rule, two_missed)) == [(1410, OPENED, WARNING)]
    assert run(rule, [sample(0, 95 * MBPS), sample(30, 95 * MBPS), sample(120, 95 * MBPS)]) == []


def test_a_sample_without_a_rate_neither_extends_nor_breaks(sample: Make, rule: SaturationRule) -> None:
    story = [sample(0, 95 * MBPS), sample(30, None), sample(60, 95 * MBPS), sample(90, None), sample(120, 95 * MBPS)]
    assert told(run(rule, story)) == [(120, OPENED, CRITICAL)]
    refused = [*steady(sample, 85, 0, 30), *(sample(s, None) for s in range(60, 900, 30)), sample(900, 85 * MBPS)]
    assert run(rule, refused) == []


def test_a_gap_closes_nothing(sample: Make, rule: SaturationRule) -> None:
    story = [*steady(sample, 95, 0, 60), sample(9000, 80 * MBPS), sample(9030, 70 * MBPS)]
    assert told(run(rule, story)) == [(60, OPENED, CRITICAL), (9030, CLOSED, CRITICAL)]


def test_a_clock_set_back_breaks_a_run_and_a_clock_set_forward_does_not_complete_it(
    sample: Make, rule: SaturationRule
) -> None:
    assert run(rule, [*steady(sample, 85, 0, 60), *steady(sample, 85, 3600, 4470)]) == []
    assert run(rule, [*steady(sample, 85, 3600, 4470), *steady(sample, 85, 0, 870)]) == []


def test_lesson_15_the_denominator_is_the_contract_whatever_the_device_says(sample: Make, rule: SaturationRule) -> None:
    story = [sample(s, 95 * MBPS, speed_bps=10_000 * MBPS) for s in (0, 30, 60)]
    assert told(run(rule, story)) == [(60, OPENED, CRITICAL)]
    assert run(rule, [sample(s, 70 * MBPS, speed_bps=10 * MBPS) for s in range(0, 1200, 30)]) == []


def test_lesson_17_without_a_contract_there_is_no_percentage_and_no_alert(
    sample: Make, link: Link, rule: SaturationRule
) -> None:
    for contracts in ((), (Contract(0, 0),)):
        bare = replace(rule, link=replace(link, contracts=contracts))
        assert run(bare, [sample(s, 900 * MBPS, speed_bps=None) for s in range(0, 1200, 30)]) == []


def test_each_sample_is_judged_by_the_contract_then_in_force(sample: Make, link: Link, rule: SaturationRule) -> None:
    later = START + timedelta(seconds=60)
    grown = replace(rule, link=replace(link, contracts=(*link.contracts, Contract(200 * MBPS, 1, later))))
    assert run(grown, steady(sample, 95, 0, 1200)) == []
    found = run(grown, [*steady(sample, 95, 0, 30), *steady(sample, 190, 60, 90)])
    assert told(found) == [(60, OPENED, CRITICAL)], "a run goes on over a change: each held against its own contract"
    assert found[0].detail["contract_bps"] == 200 * MBPS


def test_a_contract_that_grows_closes_a_condition_and_one_that_ends_says_so(
    sample: Make, link: Link, rule: SaturationRule
) -> None:
    grown = replace(rule, link=replace(link, contracts=(Contract(200 * MBPS, 1),)))
    ended = replace(rule, link=replace(link, contracts=()))
    state, found = REST, None
    for s in steady(sample, 95, 0, 60):
        state, found = saturation.judge(state, s, rule)
    assert found is not None
    for changed, reason in ((grown, "recovered"), (ended, "no_contract")):
        after, closed = saturation.judge(state, sample(90, 95 * MBPS), changed)
        assert after.at_rest
        assert closed is not None
        assert (closed.transition, closed.severity, closed.reason) == (CLOSED, CRITICAL, reason)


def test_directions_are_apart_and_classes_have_their_own_thresholds(link: Link) -> None:
    config = SignalsConfig(saturation={"tight": SaturationConfig(warning_percent=60, close_percent=50)})
    rules = saturation.rules(replace(link, link_class="tight"), config, 30)
    assert set(rules) == {"down", "up"}
    assert rules["up"].contract_bps(START) == 50 * MBPS
    assert rules["up"].warning_percent == 60
    assert saturation.rules(link, config, 30)["up"].warning_percent == 80


@dataclass
class Naive:
    """The definition read aloud over the whole history at every sample, remembering nothing but what is open."""

    contract: int
    interval: int = 30

    def runs(self, past: Sequence[LinkSample], percent: int) -> list[LinkSample]:
        """The unbroken run at or above a percentage that ends with the last rated sample, in order."""
        backwards: list[LinkSample] = []
        for sample in reversed([s for s in past if s.down_bps is not None]):
            gap = bool(backwards) and backwards[-1].tick - sample.tick > 2 * self.interval
            if gap or (sample.down_bps or 0) * 100 < percent * self.contract:
                break
            backwards.append(sample)
        return backwards[::-1]

    def history(self, samples: Sequence[LinkSample]) -> list[tuple[float, Transition, Severity]]:
        found: list[tuple[float, Transition, Severity]] = []
        current: Severity | None = None
        for end, sample in enumerate(samples, 1):
            if sample.down_bps is None:
                continue
            high, past = self.runs(samples[:end], 80), (sample.at - START).total_seconds()
            critical = len(self.runs(samples[:end], 90)) >= 3
            warning = bool(high) and sample.at - high[0].at >= timedelta(seconds=900)
            wanted = CRITICAL if critical else WARNING if warning else None
            if current is not None and sample.down_bps * 100 < 75 * self.contract:
                found.append((past, CLOSED, current))
                current = None
            elif wanted is not None and (current is None or wanted.rank > current.rank):
                found.append((past, OPENED if current is None else RAISED, wanted))
                current = wanted
        return found


percents = st.sampled_from([None, 0, 70, 74, 75, 79, 80, 85, 89, 90, 95, 130])
stretches = st.tuples(percents, st.integers(1, 40), st.sampled_from([1, 1, 1, 1, 2, 3]), st.floats(0, 29))


@given(st.lists(stretches, max_size=12))
def test_any_history_is_told_as_the_definition_says(
    story: list[tuple[int | None, int, int, float]],
) -> None:
    """Stretches of one rate, with some intervals missed before each and the poll's phase moving about."""
    contract, slot, samples = 1_000_007, 0, []
    link = Link("l", "d", "e", "72", contracts=(Contract(contract, contract),))
    for percent, count, step, phase_s in story:
        for number in range(count):
            slot += step if number == 0 else 1
            bps = None if percent is None else -(-contract * percent // 100)
            at = START + timedelta(seconds=30 * slot + phase_s)
            samples.append(LinkSample("l", int(START.timestamp()) + 30 * slot, at, down_bps=bps))
    rule = saturation.rules(link, SignalsConfig(), 30)[Direction.DOWN]
    assert told(run(rule, samples)) == Naive(contract).history(samples)
