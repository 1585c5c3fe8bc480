"""The registry as a graph: who is cut off by what, and what goes down with it."""

from netmon.events.explain import root_causes
from netmon.events.topology import Topology
from netmon.model.access import SnmpAccess
from netmon.model.finding import Subject, SubjectKind
from netmon.model.registry import Agency, Device, Link, Registry
from tests.unit.events.provinces import province

DISTRICTS = {
    "core": ("72.71", ""),
    "poso": ("72.02", "core"),
    "poso-a": ("72.02.03", "poso"),
    "poso-b": ("72.02.04", "poso"),
    "sigi": ("72.10", ("core", "poso")),
}


def device(name: str) -> Subject:
    return Subject(SubjectKind.DEVICE, name)


def link(name: str) -> Subject:
    return Subject(SubjectKind.LINK, name)


def test_the_graph_is_read_from_the_uplinks() -> None:
    topology = Topology(province(DISTRICTS))
    assert topology.first_hops == ("core",)
    assert topology.parents("sigi") == ("core", "poso")
    assert topology.ancestors("poso-a") == {"poso", "core"}
    assert topology.subtree("poso") == {"poso-a", "poso-b", "sigi"}


def test_a_device_with_two_uplinks_is_cut_off_only_when_both_are_broken() -> None:
    topology = Topology(province(DISTRICTS))
    assert not topology.is_cut_off("sigi", silent=(), down=("core-sigi",))
    assert topology.is_cut_off("sigi", silent=("poso",), down=("core-sigi",))
    assert not topology.is_cut_off("core", silent=("core",), down=())


def test_what_hangs_on_a_link_alone_is_behind_it() -> None:
    topology = Topology(province(DISTRICTS))
    assert topology.behind("core-poso") == {"poso", "poso-a", "poso-b"}
    assert topology.behind("core-sigi") == frozenset()


def test_an_uplink_on_the_devices_own_interface_has_no_parent() -> None:
    own = Link("own", "radio", "ether1", "72.02")
    registry = Registry(
        province(DISTRICTS).province,
        "Asia/Makassar",
        30,
        devices={"radio": Device("radio", "127.0.0.1", "72.02", SnmpAccess(), uplinks=("own",))},
        links={"own": own},
    )
    topology = Topology(registry)
    assert topology.parents("radio") == ()
    assert topology.first_hops == ("radio",)
    assert root_causes(topology, {"radio"}, {"own"}) == {"radio": {link("own")}}


def test_blame_goes_to_the_top_of_what_is_silent() -> None:
    topology = Topology(province(DISTRICTS))
    causes = root_causes(topology, {"poso", "poso-a", "poso-b"}, ())
    assert causes == {"poso": {device("poso")}, "poso-a": {device("poso")}, "poso-b": {device("poso")}}


def test_blame_goes_to_a_link_that_is_down() -> None:
    topology = Topology(province(DISTRICTS))
    assert root_causes(topology, {"poso", "poso-a"}, {"core-poso"})["poso-a"] == {link("core-poso")}


def test_both_broken_uplinks_are_to_blame() -> None:
    topology = Topology(province(DISTRICTS))
    assert root_causes(topology, {"poso", "sigi"}, {"core-sigi"})["sigi"] == {link("core-sigi"), device("poso")}


def test_a_device_with_an_event_of_its_own_answers_for_what_hangs_on_it() -> None:
    topology = Topology(province(DISTRICTS))
    causes = root_causes(topology, {"core", "poso", "poso-a"}, (), told={"poso"})
    assert causes == {"core": {device("core")}, "poso": {device("core")}, "poso-a": {device("poso")}}


def test_a_ring_that_blames_only_itself_has_a_root_all_the_same() -> None:
    topology = Topology(province({"a": ("72.01", "c"), "b": ("72.01", "a"), "c": ("72.01", "b")}))
    assert set(root_causes(topology, {"a", "b", "c"}, ()).values()) == {frozenset({device("a")})}


def test_regions_are_dark_by_the_devices_that_serve_their_sites() -> None:
    topology = Topology(province(DISTRICTS, sites={"kantor": ("72.02.03", "poso-a"), "camat": ("72.02.04", "poso-b")}))
    assert topology.is_dark("72.02", {"poso-a", "poso-b"})
    assert not topology.is_dark("72.02", {"poso", "poso-a"})
    assert topology.is_dark("72.02.03", {"poso-a"})
    assert topology.regions_of["poso-a"] == ("72.02", "72.02.03")


def test_a_region_without_sites_is_dark_when_all_of_at_least_two_devices_are() -> None:
    topology = Topology(province(DISTRICTS))
    assert not topology.is_dark("72.10", {"sigi"})
    assert topology.is_dark("72.02", {"poso", "poso-a", "poso-b"})


def test_affected_names_sites_links_and_agencies_once() -> None:
    agencies = [Agency("bappeda", "Bappeda", "72.71", links=("core-poso",)), Agency("camat", "Camat", "72.02.03")]
    topology = Topology(province(DISTRICTS, {"kantor": ("72.02.03", "poso-a")}, agencies))
    affected = topology.affected({"poso", "poso-a", "poso-b"})
    assert affected.devices == ("poso", "poso-a", "poso-b")
    assert affected.sites == ("kantor",)
    assert affected.links == ("core-poso", "poso-poso-a", "poso-poso-b", "poso-sigi")
    assert affected.agencies == ("bappeda",)
    assert affected.regions == ("72.02", "72.02.03", "72.02.04")
    assert topology.affected({"poso-a"}, regions=("72.02.03",)).agencies == ("camat",)


def test_explaining_ten_thousand_silent_devices_is_linear() -> None:
    devices: dict[str, tuple[str, str]] = {"d0": ("72.01", "")}
    devices |= {f"d{n}": ("72.01", f"d{(n - 1) // 3}") for n in range(1, 10_000)}
    topology = Topology(province(devices))
    causes = root_causes(topology, set(devices), ())
    assert set(causes.values()) == {frozenset({device("d0")})}
    assert len(causes) == 10_000
