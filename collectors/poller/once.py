"""One poll of one device, all its interfaces, and that as JSON: ``netmon poll``."""

from collectors.poller.visit import visit
from collectors.snmp.engines import standard_engines
from netmon.model.clock import Clock
from netmon.model.poll import InterfaceRow, PollReport
from netmon.model.registry import Device


async def poll_once(device: Device, clock: Clock) -> PollReport:
    """Walk the device's interface table and ask everything of every row, within ``device.snmp.deadline_s``."""
    engines = standard_engines(clock)
    session = engines.session(device)
    try:
        report, _ = await visit(device, None, None, session, clock, tick=int(clock.now().timestamp()))
        return report
    finally:
        await session.close()
        await engines.close()


def report_json(report: PollReport) -> dict[str, object]:
    """A report for scripts: what the device does not say is None, never 0."""
    facts = report.facts
    return {
        "device": {
            "sys_name": facts.sys_name,
            "sys_descr": facts.sys_descr,
            "sys_object_id": facts.sys_object_id,
            "uptime_s": None if facts.uptime_ticks is None else facts.uptime_ticks / 100,
        },
        "interfaces": [_interface_json(row) for row in report.interfaces],
        "elapsed_s": round(report.elapsed_s, 3),
    }


def _interface_json(row: InterfaceRow) -> dict[str, object]:
    return {
        "if_index": row.if_index,
        "if_name": row.if_name,
        "if_descr": row.if_descr,
        "if_alias": row.if_alias,
        "if_type": row.if_type,
        "admin_status": row.admin_status.value if row.admin_status else None,
        "oper_status": row.oper_status.value if row.oper_status else None,
        "speed_bps": row.speed_bps,
        "in_octets": row.in_octets,
        "out_octets": row.out_octets,
        "in_errors": row.in_errors,
        "out_errors": row.out_errors,
        "in_discards": row.in_discards,
        "out_discards": row.out_discards,
        "counter_bits": row.counter_bits,
    }
