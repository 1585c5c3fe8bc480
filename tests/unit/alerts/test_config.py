"""A faulty channel is refused when the configuration is read, not at three in the morning."""

import pytest
from pydantic import TypeAdapter, ValidationError

from netmon.alerts.channels import build
from netmon.alerts.config import ChannelConfig, host_and_port

CHANNEL = TypeAdapter(ChannelConfig)
MAIL = {"id": "noc", "type": "email", "to": ["noc@example.go.id"]}
HOOK = {"id": "hook", "type": "webhook", "url": "https://example.go.id/hook"}
TELEGRAM = {"id": "tg", "type": "telegram", "token": "1:t0ken", "chat_id": -100123}
APPRISE = {"id": "tail", "type": "apprise", "url": "json://localhost"}


@pytest.mark.parametrize("raw", [MAIL, HOOK, TELEGRAM, APPRISE])
def test_every_type_of_channel_can_be_built_and_nothing_is_connected(raw, clock):
    assert build(CHANNEL.validate_python(raw), clock).id == raw["id"]


def test_a_chat_id_may_be_written_as_a_number():
    assert CHANNEL.validate_python(TELEGRAM).chat_id == "-100123"


@pytest.mark.parametrize(
    ("raw", "mend"),
    [
        (MAIL | {"smtp": "mail.example.go.id"}, "host:port"),
        (MAIL | {"smtp": "mail:99999"}, "host:port"),
        (MAIL | {"to": ["noc"]}, "name@domain"),
        (MAIL | {"to": ["noc@x\r\nBcc: all@x"]}, "name@domain"),
        (MAIL | {"sender": "netmon"}, "name@domain"),
        (MAIL | {"sender": "netmon\r\n <n@x>"}, "name@domain"),
        (HOOK | {"url": "ftp://example.go.id"}, "http:// or https://"),
        (HOOK | {"method": "PUT"}, "Extra inputs"),
        (HOOK | {"id": "a/b"}, "pattern"),
    ],
)
def test_a_fault_says_how_to_mend_it(raw, mend):
    with pytest.raises(ValidationError) as caught:
        CHANNEL.validate_python(raw)
    assert mend in caught.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize(
    ("server", "parts"), [("127.0.0.1:25", ("127.0.0.1", 25)), ("[2001:db8::1]:587", ("2001:db8::1", 587))]
)
def test_an_smtp_server_has_a_host_and_a_port(server, parts):
    assert host_and_port(server) == parts
