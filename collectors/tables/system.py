"""The system group (RFC 3418), and the engine's boots and time (RFC 3411): who is it, and has it restarted?"""

from collections.abc import Mapping

from collectors.tables.column import Column, Integer31, ObjectIdentifier, Text, TimeTicks, by_name
from netmon.model.poll import DeviceFacts

UPTIME = Column("sysUpTime", "1.3.6.1.2.1.1.3", TimeTicks)
ENGINE_BOOTS = Column("snmpEngineBoots", "1.3.6.1.6.3.10.2.1.2", Integer31)
ENGINE_TIME = Column("snmpEngineTime", "1.3.6.1.6.3.10.2.1.3", Integer31)
NAME = Column("sysName", "1.3.6.1.2.1.1.5", Text())
DESCR = Column("sysDescr", "1.3.6.1.2.1.1.1", Text())
OBJECT_ID = Column("sysObjectID", "1.3.6.1.2.1.1.2", ObjectIdentifier())

SCALARS = by_name(UPTIME, ENGINE_BOOTS, ENGINE_TIME, NAME, DESCR, OBJECT_ID)
"""OIDs by name, without the ".0" of their instance."""


def facts(values: Mapping[str, object]) -> DeviceFacts:
    """From the raw values by name."""
    return DeviceFacts(
        sys_name=NAME.read(values),
        sys_descr=DESCR.read(values),
        sys_object_id=OBJECT_ID.read(values),
        uptime_ticks=UPTIME.read(values),
        engine_boots=ENGINE_BOOTS.read(values),
        engine_time_s=ENGINE_TIME.read(values),
    )
