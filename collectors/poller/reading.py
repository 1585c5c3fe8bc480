"""Answers become rows: all at once where everything is as it was learned, else one interface at a time."""

from collections.abc import Mapping, Sequence

import numpy as np

from collectors.poller.asking import Asking
from collectors.poller.layout import Layout, LearnedInterface
from collectors.poller.plan import Plan, answer_octets, candidate_oids, candidates, pdus
from collectors.snmp.session import Pdu, Value
from collectors.tables import figures
from collectors.tables import interfaces as if_mib
from collectors.tables.interfaces import Named
from netmon.model.columns import READING, InterfaceRows
from netmon.model.poll import InterfaceRow


def rows_of(plan: Plan, asking: Asking) -> Sequence[InterfaceRow]:
    """The interfaces of a plan that answered to the name by which they were found; those that did not are left out."""
    rows = _all_at_once(plan, asking)
    return rows if rows is not None else _one_by_one(plan, asking)


def _all_at_once(plan: Plan, asking: Asking) -> InterfaceRows | None:
    """The table, where every PDU was answered whole, under every name. Interfaces with odd answers are read singly."""
    rows: list[tuple[Value, ...]] = []
    arrived_s: list[float] = []
    for pdu in plan.pdus:
        answer = asking.answers.get(pdu)
        if answer is None:
            return None
        rows += answer.groups
        arrived_s += [answer.arrived_s] * len(answer.groups)
    if [row[0] for row in rows] != plan.stated:
        return None
    table = np.zeros(len(rows), READING)
    for kind, places in plan.kinds.items():
        if kind is None or not figures.read_into(table, kind, places, [rows[place][1:] for place in places]):
            singly = [_row(plan.interfaces[place], rows[place], 0.0) for place in places]
            table[list(places)] = InterfaceRows.of(singly).figures
    table["arrived_s"] = arrived_s
    return InterfaceRows(plan.rows, table)


def _one_by_one(plan: Plan, asking: Asking) -> tuple[InterfaceRow, ...]:
    rows = []
    for interface, oids in zip(plan.interfaces, (oids for pdu in plan.pdus for oids in pdu.groups), strict=True):
        answered = asking.group(oids)
        if answered is not None and interface.who.is_still(answered[0][0]):
            rows.append(_row(interface, *answered))
    return tuple(rows)


def _row(interface: LearnedInterface, answered: Sequence[Value], arrived_s: float) -> InterfaceRow:
    """One interface by the book; its type is remembered instead of being asked."""
    values: dict[str, object] = dict(zip(interface.columns, answered[1:], strict=True))
    values[if_mib.TYPE.name] = interface.if_type
    return if_mib.row(interface.who, values, arrived_s)


class Candidates:
    """Interfaces that a walk found, asked for every column that they may have."""

    def __init__(self, interfaces: Sequence[Named], *, counters64: bool) -> None:
        self._oids = {who: candidate_oids(who, counters64=counters64) for who in interfaces}
        self._columns = {who: candidates(who, counters64=counters64) for who in interfaces}

    def pdus(self, layout: Layout | None) -> Sequence[Pdu]:
        """What to ask, in PDUs that the device was seen to bear."""
        return pdus(self._oids.values(), (answer_octets(who, self._columns[who][1:]) for who in self._oids), layout)

    def read(self, asking: Asking) -> tuple[list[tuple[LearnedInterface, InterfaceRow]], str]:
        """What was learned of those that answered, with their rows; or the name of one that is another by now: the
        table changed under the walk, and nothing of it is believed."""
        found = []
        for who, oids in self._oids.items():
            answered = asking.group(oids)
            if answered is None:
                continue
            if not who.is_still(answered[0][0]):
                return [], who.if_name
            values = dict(zip(self._columns[who], answered[0], strict=True))
            found.append((_learned(who, values), if_mib.row(who, values, answered[1])))
        return found, ""


def _learned(who: Named, values: Mapping[str, object]) -> LearnedInterface:
    return LearnedInterface(who, if_mib.worth_asking(values), if_mib.TYPE.read(values))
