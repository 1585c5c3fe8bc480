"""Line protocol, read back by a parser that knows InfluxDB's rules and nothing of the encoder."""

import re
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netmon.model.access import SnmpAccess
from netmon.model.columns import STATUS_NUMBER, LinkSamples
from netmon.model.instants import unix_us
from netmon.model.poll import Outcome
from netmon.model.registry import Device, Link, Region, Registry
from netmon.model.sample import Batch, DeviceSample, Flag, LinkSample
from netmon.store.schema import LineProtocol, tag_value
from tests.samples import NOON, any_batch, device_sample, gap_sample, link_sample, run_of_samples

TICK_MS = int(NOON.timestamp()) * 1000
ODD = ["a b", "a,b", "a=b", "a\\b", "a\\,b", 'say "hi"', "Sausú", "💧", "100%d", "%", "a\nb", "ends\\", "\\", " "]

Point = tuple[str, dict[str, str], dict[str, Any], int]


def parsed(line: str) -> Point:
    """Measurement, tags, fields with Python's types, and milliseconds. A comma, space or equals sign behind a
    backslash is a part of the name (influxdb, models/points.go); no value of ours has a string with quotes in it."""
    series, fields, at_ms = re.split(r"(?<!\\) ", line)
    measurement, *tags = re.split(r"(?<!\\),", series)
    values = dict(field.split("=") for field in fields.split(","))
    pairs = [re.split(r"(?<!\\)=", tag) for tag in tags]
    return measurement, {k: re.sub(r"\\([ ,=])", r"\1", v) for k, v in pairs}, _typed(values), int(at_ms)


def _typed(values: dict[str, str]) -> dict[str, Any]:
    def value(text: str) -> Any:
        if text.endswith("i"):
            assert -(2**63) <= int(text[:-1]) < 2**63
            return int(text[:-1])
        return text[1:-1] if text.startswith('"') else float(text)

    return {name: value(text) for name, text in values.items()}


def points(batch: Batch, registry: Registry) -> list[Point]:
    text = LineProtocol(registry).lines(batch).decode()
    assert text.endswith("\n") or not text
    return [parsed(line) for line in text.split("\n")[:-1]]


def stored(text: str) -> str:
    """What a server keeps of a tag's value: what it cannot keep stands for itself in another way."""
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f"{text[:-1]} " if text.endswith("\\") else text


def figures_of(sample: LinkSample | DeviceSample) -> dict[str, Any]:
    """The fields that a sample must come back with."""
    fields = {k: v for k, v in asdict(sample).items() if k not in ("link_id", "device_id", "tick", "at")}
    for status in fields.keys() & {"admin_status", "oper_status"}:
        fields[status] = STATUS_NUMBER[fields[status]]
    return {"at_us": unix_us(sample.at)} | {k: v for k, v in fields.items() if v is not None}


def unsigned(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: v % 2**64 if k.endswith("_counter") else v for k, v in fields.items()}


def registry_of(*links: Link, region: str = "72.02") -> Registry:
    devices = {link.device: Device(link.device, "192.0.2.1", region, SnmpAccess()) for link in links}
    links_by_id = {link.id: link for link in links}
    return Registry(Region("72", "Sulawesi Tengah"), "Asia/Makassar", 30, links=links_by_id, devices=devices)


POSO = registry_of(Link("palu-poso", "rtr-poso", "ge-0/0/1", "72.02", link_class="backbone"))


def test_a_line_for_a_link_and_a_line_for_a_device() -> None:
    figures = {"in_errors": 3, "speed_bps": 10**9, "down_counter": 77}
    assert LineProtocol(POSO).lines(Batch((link_sample(**figures),), (device_sample(),))).decode() == (
        "link,class=backbone,device=rtr-poso,link=palu-poso,region=72.02 interval_s=30.0,down_bps=8000000i,"
        "up_bps=1000000i,down_octets=30000000i,up_octets=3750000i,down_counter=77i,in_errors=3i,speed_bps=1000000000i,"
        f"admin_status=0i,oper_status=0i,flags=0i,at_us={TICK_MS}000i {TICK_MS}\n"
        "device,device=rtr-poso,region=72.02 "
        f'outcome="complete",elapsed_s=0.25,uptime_s=86400i,at_us={TICK_MS}000i {TICK_MS}\n'
    )


@given(any_batch)
def test_every_figure_comes_back_exactly_and_none_is_made_up(batch: Batch) -> None:
    found = points(batch, POSO)
    assert [p[3] for p in found] == [1000 * s.tick for s in (*batch.links, *batch.devices)]
    assert [unsigned(p[2]) for p in found] == [figures_of(s) for s in (*batch.links, *batch.devices)]
    assert points(Batch(LinkSamples.of(batch.links), batch.devices), POSO) == found


any_text = st.sampled_from(ODD) | st.text(min_size=1, max_size=8)


@given(st.lists(st.builds(Link, any_text, any_text, st.just("eth0"), any_text, link_class=any_text), max_size=4))
def test_tags_come_back_whatever_they_are_made_of(links: list[Link]) -> None:
    registry = registry_of(*links, region="72 02")
    samples = [link_sample(link_id=link.id) for link in registry.links.values()]
    devices = [device_sample(device_id=link.device) for link in registry.links.values()]
    found = points(Batch(samples, tuple(devices)), registry)
    tags = [
        {"class": link.link_class, "device": link.device, "link": link.id, "region": link.region}
        for link in registry.links.values()
    ]
    assert [p[1] for p in found[: len(tags)]] == [{k: stored(v) for k, v in each.items()} for each in tags]
    assert [p[1] for p in found[len(tags) :]] == [{"device": stored(d.device_id), "region": "72 02"} for d in devices]
    assert all(list(p[1]) == sorted(p[1]) for p in found)


def test_a_tag_cannot_break_out_of_its_place() -> None:
    assert tag_value("a b,c=d\ne") == r"a\ b\,c\=d\ne"
    assert tag_value("ends\\") + "," == "ends\\ ,"


def test_an_empty_tag_is_left_out() -> None:
    registry = registry_of(Link("a", "rtr", "eth0", "", link_class=""), region="")
    found = points(Batch((link_sample(link_id="a"),), (device_sample(device_id="rtr"),)), registry)
    assert [p[1] for p in found] == [{"device": "rtr", "link": "a"}, {"device": "rtr"}]


def test_what_the_registry_no_longer_has_keeps_its_identity_alone() -> None:
    found = points(Batch((link_sample(link_id="gone"),), (device_sample(device_id="went"),)), POSO)
    assert [p[1] for p in found] == [{"link": "gone"}, {"device": "went"}]


def test_lesson_14_a_counter_of_2_to_the_64_minus_1_survives() -> None:
    counters = [2**64 - 1, 2**63, 2**63 - 1, 2**53 + 1, 0]
    for together in (counters, *([counter] for counter in counters)):
        batch = Batch(tuple(link_sample(down_counter=c, up_counter=c, down_bps=2**63 - 1) for c in together))
        fields = [unsigned(p[2]) for p in points(batch, POSO)]
        assert [f["down_counter"] for f in fields] == [f["up_counter"] for f in fields] == together


def test_lesson_18_a_gap_is_left_out_and_still_says_why() -> None:
    ((_, _, fields, _),) = points(Batch((LinkSample("palu-poso", TICK_MS // 1000, NOON, flags=Flag.ABSENT),)), POSO)
    assert fields == {"admin_status": 0, "oper_status": 0, "flags": 64, "at_us": unix_us(NOON)}


@given(st.lists(any_batch, max_size=4))
def test_lesson_31_a_field_has_one_type_for_ever(batches: list[Batch]) -> None:
    types: dict[tuple[str, str], type] = {}
    for batch in batches:
        for measurement, _, fields, _ in points(batch, POSO):
            for name, value in fields.items():
                assert types.setdefault((measurement, name), type(value)) is type(value)
    floats = {name for (_, name), kind in types.items() if kind is float}
    assert floats <= {"interval_s", "elapsed_s"}


def test_lesson_32_a_link_is_one_series_whatever_it_says() -> None:
    samples = [*run_of_samples(NOON, 50), *(gap_sample(NOON + timedelta(hours=h)) for h in range(1, 5))]
    found = points(Batch(tuple(replace(s, flags=Flag(i)) for i, s in enumerate(samples))), POSO)
    assert len(found) == len(samples)
    assert len({tuple(tags.items()) for _, tags, _, _ in found}) == 1


def test_lesson_34_no_tag_is_called_like_a_field() -> None:
    sample = link_sample(**dict.fromkeys(("down_counter", "up_counter", "in_errors", "out_errors", "speed_bps"), 1))
    for _, tags, fields, _ in points(Batch((sample,), (device_sample(),)), POSO):
        assert not tags.keys() & fields.keys()


def test_of_two_samples_of_one_tick_the_later_is_written_later() -> None:
    """Though they say different fields, and lines are made in groups that say the same."""
    first, poor, last = link_sample(), gap_sample(NOON), link_sample(down_bps=1)
    found = points(Batch((first, poor, last, poor, first)), POSO)
    assert [f["flags"] for _, _, f, _ in found] == [0, 4, 0, 4, 0]
    assert [f.get("down_bps") for _, _, f, _ in found] == [8_000_000, None, 1, None, 8_000_000]


def test_a_great_batch_keeps_its_order_through_all_its_pieces() -> None:
    ids = [f"link-{n}" for n in range(9001)]
    found = points(
        Batch(tuple(link_sample(link_id=i) if n % 3 else gap_sample(NOON, i) for n, i in enumerate(ids))), POSO
    )
    assert [tags["link"] for _, tags, _, _ in found] == ids
    assert [fields["flags"] for _, _, fields, _ in found] == [0 if n % 3 else 4 for n in range(9001)]


def test_every_outcome_goes_by_its_name() -> None:
    samples = tuple(replace(device_sample(), outcome=outcome, uptime_s=None) for outcome in Outcome)
    fields = [p[2] for p in points(Batch(devices=samples), POSO)]
    assert [f["outcome"] for f in fields] == [outcome.value for outcome in Outcome]
    assert all("uptime_s" not in f for f in fields)


def test_nothing_is_nothing() -> None:
    assert LineProtocol(POSO).lines(Batch()) == b""
