"""Telegram by the Bot API's sendMessage (https://core.telegram.org/bots/api#sendmessage).

The token is a part of the URL: it is kept out of errors and logs. The text goes as HTML with everything escaped; if
Telegram cannot parse it even so, it goes again as plain text, because an alert in plain letters beats none.
"""

import html
import json
from collections.abc import Iterator

from netmon.alerts.channel import DeliveryFailed, Message
from netmon.alerts.channels.discretion import redacted
from netmon.alerts.channels.post import Answer, post_json, retry_after_s
from netmon.alerts.config import TelegramConfig
from netmon.alerts.plain import one_line, plain
from netmon.model.clock import Clock

TEXT_LIMIT = 4096
"""UTF-16 units a message may hold. Telegram counts after parsing; we count before it, which is never fewer."""


class TelegramChannel:
    """Sends to one chat as one bot."""

    def __init__(self, config: TelegramConfig, clock: Clock) -> None:
        self.id = config.id
        self._config = config
        self._clock = clock

    def send(self, message: Message) -> str:
        """The ids of the messages. Once the first part, which says the essentials, is out, a later one that is
        refused is named in the receipt: sending it all again would be worse."""
        receipts: list[str] = []
        for part in parts(message):
            try:
                receipts.append(self._send_part(part))
            except DeliveryFailed as failure:
                if not receipts:
                    raise
                receipts.append(f"part {len(receipts) + 1} lost: {failure}")
                break
        return ", ".join(receipts)

    def _send_part(self, part: str) -> str:
        answer, said = self._call({"text": part, "parse_mode": "HTML"})
        if answer.status == 400:
            answer, said = self._call({"text": _unescaped(part)})
        if answer.ok and said.get("ok") is True:
            result = said.get("result")
            return str(result.get("message_id", "sent")) if isinstance(result, dict) else "sent"
        raise self._failure(answer, said)

    def _call(self, fields: dict[str, object]) -> tuple[Answer, dict[str, object]]:
        url = f"{self._config.api_url.rstrip('/')}/bot{self._config.token.get_secret_value()}/sendMessage"
        fields = {"chat_id": self._config.chat_id, "link_preview_options": {"is_disabled": True}, **fields}
        answer = post_json(url, json.dumps(fields).encode(), {}, self._config.timeout_s)
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
        return answer, said if isinstance(said, dict) else {}

    def _failure(self, answer: Answer, said: dict[str, object]) -> DeliveryFailed:
        description = str(said.get("description") or "an answer that is not Telegram's")
        reason = f"Telegram answered {answer.status}: {description}"
        parameters = said.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        after_s = float(asked) if isinstance(asked, int) else retry_after_s(answer.headers, self._clock.now())
        return DeliveryFailed(
            one_line(redacted(reason, [self._config.token.get_secret_value()]), 200),
            retry=answer.retry or answer.ok,  # 2xx without "ok": something between us and Telegram answered
            after_s=after_s,
        )


def parts(message: Message) -> list[str]:
    """The message as Telegram HTML, the title bold, in parts within the limit; no part is blank."""
    title, body = one_line(message.title, 256) or "netmon", plain(message.body).strip()
    first = f"<b>{_escaped(title)}</b>"
    if not body:
        return [first]
    pieces = list(_pieces(body, TEXT_LIMIT - _units(first) - 1))
    return [f"{first}\n{pieces[0]}", *pieces[1:]]


def _pieces(text: str, first_limit: int) -> Iterator[str]:
    """Escaped pieces of the text, cut after a line or a word where one is near, never within a character."""
    limit = first_limit
    while text:
        end = _fitting(text, limit)
        if end < len(text):
            end = text.rfind("\n", end // 2, end) + 1 or text.rfind(" ", end // 2, end) + 1 or end
        piece, text = text[:end].strip(), text[end:].lstrip()
        limit = TEXT_LIMIT
        if piece:
            yield _escaped(piece)


def _fitting(text: str, limit: int) -> int:
    """How many characters, escaped, stay within ``limit`` UTF-16 units."""
    used = 0
    for position, character in enumerate(text):
        used += _units(_escaped(character))
        if used > limit:
            return position
    return len(text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _unescaped(part: str) -> str:
    return html.unescape(part.replace("<b>", "").replace("</b>", ""))
