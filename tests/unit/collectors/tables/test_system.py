from hypothesis import given
from hypothesis import strategies as st

from collectors.tables import system
from netmon.model.poll import DeviceFacts

raw = st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.floats())


@given(st.dictionaries(st.sampled_from(list(system.SCALARS)), raw))
def test_whatever_a_device_says_of_itself_facts_are_typed(values: dict[str, object]) -> None:
    facts = system.facts(values)
    assert facts.uptime_ticks is None or 0 <= facts.uptime_ticks < 2**32
    assert facts.engine_boots is None or 0 <= facts.engine_boots < 2**31
    assert facts.sys_name is None or isinstance(facts.sys_name, str)


def test_facts() -> None:
    values = {"sysName": b"core-palu", "sysUpTime": 42, "sysObjectID": "1.3.6.1.4.1.14988.1", "snmpEngineBoots": 3}
    assert system.facts(values) == DeviceFacts("core-palu", None, "1.3.6.1.4.1.14988.1", 42, 3, None)
