"""Webhooks, signed as the Standard Webhooks specification has it.

The receiver computes HMAC-SHA256 over `id.timestamp.body` with the secret and compares
it with `webhook-signature`; the id is the same when a message is sent again.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import hashlib
import hmac
from http import HTTPStatus
import json
import time
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from .. import __version__
from ..tls import trusted
from .errors import ConnectorError, ConnectorRefusedError, ConnectorSetupError
from .sending import Link, Message

_TIMEOUT: Final = ClientTimeout(total=20, connect=10)
_ENCODED: Final = "whsec_"
_UNWANTED: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Answers by which a receiver says that this message is none; others may pass."""


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts messages to an address."""

    url: str
    secret: str | None = None
    name: str = "webhook"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Link]:
        """Give a session; whether anybody listens shows with the first message."""
        connector = TCPConnector(ssl=await trusted())
        async with ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            yield _Webhook(session, self.url, self.secret)


@dataclass(frozen=True, slots=True)
class _Webhook:
    session: ClientSession
    url: str
    secret: str | None

    async def send(self, message: Message) -> None:
        body = json.dumps(message.body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"edge-captions/{__version__}",
            **signed(message.id, int(time.time()), body, self.secret),
        }
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (ClientError, OSError, TimeoutError, ValueError) as err:
            why = str(err) or type(err).__name__
            raise ConnectorError(f"the webhook can't be reached: {why}") from None
        if status in _UNWANTED:
            raise ConnectorRefusedError(f"the webhook's receiver answered {status}")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise ConnectorError(f"the webhook's receiver answered {status}")

    async def lost(self) -> None:
        await asyncio.Event().wait()  # there is no connection between two messages


def signed(
    message_id: str, timestamp: int, body: bytes, secret: str | None
) -> Mapping[str, str]:
    """Return the headers that name a message and, with a secret, prove its sender."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    if secret is not None:
        content = f"{message_id}.{timestamp}.".encode() + body
        digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return headers


def _key(secret: str) -> bytes:
    if not secret.startswith(_ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_ENCODED), validate=True)
    except binascii.Error:
        raise ConnectorSetupError(
            f"webhook_secret: what follows {_ENCODED} is no base64"
        ) from None
