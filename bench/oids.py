"""What every peer is asked to fetch: the columns that netmon polls of an interface."""

from collectors.tables import interfaces as if_mib
from collectors.tables import system

COLUMNS = {
    column.name: column.oid
    for column in (
        if_mib.NAME,
        if_mib.IN_OCTETS,
        if_mib.OUT_OCTETS,
        if_mib.IN_ERRORS,
        if_mib.OUT_ERRORS,
        if_mib.IN_DISCARDS,
        if_mib.OUT_DISCARDS,
        if_mib.DISCONTINUITY,
        if_mib.ADMIN_STATUS,
        if_mib.OPER_STATUS,
        if_mib.HIGH_SPEED,
    )
}
_INTERFACES_A_PDU = 4  # 44 varbinds, as many as fit into 1400 octets


def pdus(interfaces: int) -> list[list[str]]:
    """A device's OIDs as GETs that fit any path: sysUpTime first, then the interfaces."""
    every = range(1, interfaces + 1)
    groups = [every[i : i + _INTERFACES_A_PDU] for i in range(0, interfaces, _INTERFACES_A_PDU)]
    asked = [[f"{oid}.{index}" for index in group for oid in COLUMNS.values()] for group in groups]
    return [[f"{system.UPTIME.oid}.0"], *asked]
