"""What the reader makes of samples and events, beyond what the routes show."""

from dataclasses import replace

from netmon.api.situation import ProvinceStatus, Use
from netmon.api.status import StatusReader
from netmon.model.access import SnmpAccess
from netmon.model.registry import Device, Direction, Link, Region, Registry
from netmon.store.memory import MemorySeries
from tests.seeded_province import SATURATED, SeededProvince, SteadyClock


def _reader(province: SeededProvince) -> StatusReader:
    return StatusReader(province.registry, province.series, province.ledger, province.clock)


def _read(province: SeededProvince) -> ProvinceStatus:
    return _reader(province).province()


def test_a_percentage_needs_both_a_rate_and_a_contract() -> None:
    assert Use(Direction.DOWN, 50, 200).percent == 25
    assert Use(Direction.DOWN, 0, 200).percent == 0
    assert Use(Direction.DOWN, None, 200).percent is None
    assert Use(Direction.DOWN, 50, None).percent is None


def test_a_district_holds_what_its_kecamatan_hold(province: SeededProvince) -> None:
    link = replace(province.registry.links[SATURATED], region="72.02.03")
    registry = province.registry
    province.registry = replace(
        registry,
        links={**registry.links, SATURATED: link},
        regions={**registry.regions, "72.02.03": Region("72.02.03", "Pamona Puselemba")},
    )
    regions = _read(province).regions
    assert [item.link.id for item in regions["72.02"].links] == [SATURATED]
    assert [item.link.id for item in regions["72.02.03"].links] == [SATURATED]
    assert regions["72.02.03"].state == "saturated"
    assert SATURATED not in {item.link.id for item in regions["72.01"].links}


def test_a_reading_is_kept_for_a_second_and_forgotten_on_a_change(province: SeededProvince) -> None:
    reader = _reader(province)
    first = reader.province()
    assert reader.province() is first
    reader.forget()
    second = reader.province()
    assert second is not first
    province.clock.pass_s(1)
    assert reader.province() is not second


def test_old_data_is_stale_but_its_age_is_known_even_after_a_restart(province: SeededProvince) -> None:
    fresh = _read(province)
    assert (fresh.is_stale, fresh.age_s) == (False, 18)
    province.clock.pass_s(3600)
    later = _read(province)
    assert (later.is_stale, later.age_s) == (True, 3618)
    assert {link.state for link in later.links.values()} <= {"unknown", "saturated", "dark"}


def test_ten_thousand_devices_are_read_at_once(province: SeededProvince) -> None:
    codes = [f"72.{district:02}.{kecamatan:02}" for district in range(1, 14) for kecamatan in range(1, 14)]
    access = SnmpAccess()
    devices = {f"d{n}": Device(f"d{n}", "10.0.0.1", codes[n % len(codes)], access) for n in range(10_000)}
    links = {f"l{n}": Link(f"l{n}", f"d{n}", "e1", codes[n % len(codes)]) for n in range(10_000)}
    regions = {code: Region(code, code) for code in (*codes, *(f"72.{d:02}" for d in range(1, 14)))}
    registry = Registry(Region("72", "Large"), "Asia/Makassar", 30, regions, {}, devices, links)
    reader = StatusReader(registry, MemorySeries(), province.ledger, SteadyClock())
    status = reader.province()
    assert sum(len(status.regions[f"72.{d:02}"].devices) for d in range(1, 14)) == 10_000
