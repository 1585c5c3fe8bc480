"""The ways to reach somebody. Adding one: a file like those beside this one, its model in ``alerts/config.py``, and a
line in ``build``."""

from netmon.alerts.channel import Channel
from netmon.alerts.channels.apprise import AppriseChannel
from netmon.alerts.channels.email import EmailChannel
from netmon.alerts.channels.telegram import TelegramChannel
from netmon.alerts.channels.webhook import WebhookChannel
from netmon.alerts.config import AppriseConfig, ChannelConfig, EmailConfig, TelegramConfig, WebhookConfig
from netmon.model.clock import Clock


def build(config: ChannelConfig, clock: Clock) -> Channel:
    """The channel that a configuration describes. Nothing is connected until it sends."""
    match config:
        case EmailConfig():
            return EmailChannel(config, clock)
        case TelegramConfig():
            return TelegramChannel(config, clock)
        case WebhookConfig():
            return WebhookChannel(config, clock)
        case AppriseConfig():
            return AppriseChannel(config)
