"""The fixtures over the real components; a missing one skips the test with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import components
from tests.real.components import require
from tests.real.http import HttpReceiver, running_http_receiver
from tests.real.lab import Lab
from tests.real.mail import MailServer, running_mail_server
from tests.real.recordings import RecordedAgents, running_snmpsim
from tests.real.snmpd import Agent, V3User, running_snmpd

V3_USER = V3User("netmon", auth_passphrase="auth-passphrase", priv_passphrase="priv-passphrase")
"""The SNMPv3 user (SHA, AES-128) of `snmpd_agent`."""


@pytest.fixture
def snmpd_agent(tmp_path: Path) -> Iterator[Agent]:
    """A real agent of this test's own, with community `public` and `V3_USER`."""
    require(components.snmpd)
    with running_snmpd(tmp_path, v3_users=[V3_USER]) as agent:
        yield agent


@pytest.fixture(scope="session")
def recorded_agents() -> Iterator[RecordedAgents]:
    """All of `RECORDINGS`, served for the whole session; it takes some seconds to start."""
    with running_snmpsim() as agents:
        yield agents


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An empty lab, where the machine permits one, with snmpd and iperf3 at hand."""
    for needed in (components.netns_available, components.tc, components.snmpd, components.iperf3):
        require(needed)
    with Lab(tmp_path) as built:
        yield built


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A real SMTP receiver on loopback."""
    with running_mail_server() as server:
        yield server


@pytest.fixture
def http_receiver() -> Iterator[HttpReceiver]:
    """A real HTTP receiver on loopback."""
    with running_http_receiver() as receiver:
        yield receiver
