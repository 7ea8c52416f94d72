"""One request to a homeserver: identity, time limits, patience, and errors as exceptions.

A request is sent again after a passing failure (429, 5xx, no connection, no answer in time, an answer cut off or not
JSON) until `patience` is used up. It may reach the homeserver twice: callers only send what can be sent twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from bridge.matrix import large
from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError, Unavailable, error_from_answer
from bridge.matrix.retry import asked_wait, is_passing, own_wait, spread

CONNECTIONS = 64
"""Connections that one session opens to a homeserver at once."""
PATIENCE = timedelta(minutes=10)
ORDINARY = aiohttp.ClientTimeout(total=90, sock_connect=10)
"""For ordinary calls; createRoom on a busy homeserver takes tens of seconds."""

Answer = TypeVar("Answer", Json, list[Json], bytes)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who speaks. With `application_service` the token is the service's, and each call names user and device."""

    token: str = field(repr=False)
    user_id: str
    device_id: str | None
    application_service: bool


@dataclass(slots=True)
class Traffic:
    """What went over the wire: calls by endpoint name (a call that was repeated counts once), and how hard it was."""

    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    """Answers 429 seen."""
    repeated: int = 0
    """Requests sent again, for whatever reason."""
    waited: float = 0.0
    """Seconds spent between a failure and the next attempt, over all calls."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The homeserver asked to be left alone: at which endpoint, and for how many seconds."""

    endpoint: str
    wait: float


class Transport:
    """Sends requests for one account. `on_throttle` hears of each 429, so that a person can be told why it is slow."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        session: aiohttp.ClientSession,
        patience: timedelta = PATIENCE,
        jitter: random.Random | None = None,
        on_throttle: Callable[[Throttled], None] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.credentials = credentials
        self.traffic = Traffic()
        self._session = session
        self._patience = patience.total_seconds()
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads waits, guards nothing
        self._on_throttle = on_throttle

    def as_device(self, device_id: str) -> Self:
        """The same connections and account, speaking as another device."""
        other = copy(self)
        other.credentials = replace(self.credentials, device_id=device_id)
        return other

    async def _request(
        self,
        method: str,
        endpoint: str,
        path: str,
        *,
        shape: type[Answer],
        body: Mapping[str, object] | None = None,
        query: Iterable[tuple[str, str]] = (),
        timeout: aiohttp.ClientTimeout = ORDINARY,  # noqa: ASYNC109 - one attempt's, handed to aiohttp
        reads: bool = False,
        as_device: bool = True,
        raw: tuple[bytes, str] | None = None,
    ) -> Answer:
        """Sends until it is answered. `endpoint` is the name it is counted under, `path` is percent-encoded.

        `raw` is a body that is no JSON, with its content type.

        Raises the class of `MatrixError` that the answer means, `Unavailable` when patience is used up.
        """
        (self.traffic.reads if reads else self.traffic.writes)[endpoint] += 1
        url = self._address(path, query, as_device=as_device)
        data = raw
        if body is not None:
            data = (json.dumps(body, separators=(",", ":")).encode(), "application/json")
        readable = URL(path, encoded=True).path
        until = time.monotonic() + self._patience
        attempt = 0
        while True:
            outcome = await self._attempt(method, url, data, timeout, shape, readable)
            if not isinstance(outcome, _Failure):
                return outcome
            wait = own_wait(attempt, self._jitter) if outcome.asked is None else spread(outcome.asked, self._jitter)
            if outcome.error.status == 429:
                self.traffic.throttled += 1
                if self._on_throttle is not None:
                    self._on_throttle(Throttled(endpoint, wait))
            if outcome.hopeless or time.monotonic() + wait > until:
                raise _given_up(outcome, attempt + 1)
            attempt += 1
            self.traffic.repeated += 1
            self.traffic.waited += wait
            await asyncio.sleep(wait)

    async def _attempt(
        self,
        method: str,
        url: URL,
        data: tuple[bytes, str] | None,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - handed to aiohttp
        shape: type[Answer],
        readable: str,
    ) -> Answer | _Failure:
        headers = {"Authorization": f"Bearer {self.credentials.token}"} if self.credentials.token else {}
        body = None
        if data is not None:
            body, headers["Content-Type"] = data
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientConnectorCertificateError, aiohttp.InvalidURL) as error:
            return _Failure(MatrixError(_in_words(error), method=method, path=readable), hopeless=True)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _Failure(MatrixError(_in_words(error), method=method, path=readable))
        parsed = raw if shape is bytes and response.status < 300 else await _parse(raw)
        if response.status < 300:
            if isinstance(parsed, shape):
                return parsed
            said = "the answer is not what a Matrix homeserver sends; is this its address?"
            return _Failure(MatrixError(said, status=response.status, method=method, path=readable))
        answer = parsed if isinstance(parsed, dict) else None
        refusal = error_from_answer(response.status, response.reason or "", answer, method=method, path=readable)
        if is_passing(response.status):
            return _Failure(refusal, asked=asked_wait(response.headers, answer, datetime.now(UTC)))
        raise refusal

    def _address(self, path: str, query: Iterable[tuple[str, str]], *, as_device: bool) -> URL:
        pairs = list(query)
        if self.credentials.application_service:
            pairs.append(("user_id", self.credentials.user_id))
            if as_device and self.credentials.device_id is not None:
                pairs.append(("device_id", self.credentials.device_id))
        encoded = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        return URL(f"{self.url}{path}" + (f"?{encoded}" if encoded else ""), encoded=True)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A failure that may pass; `asked` is the wait in seconds that the server asked for."""

    error: MatrixError
    asked: float | None = None
    hopeless: bool = False


def _given_up(failure: _Failure, attempts: int) -> Unavailable:
    last = failure.error
    if failure.hopeless:
        said = last.message
    elif failure.asked is not None and attempts == 1:
        said = f"{last.message}; asked to wait {failure.asked:.0f} s, which is longer than the patience of this call"
    else:
        said = f"given up after {attempts} attempts, the last one: {last.message}"
    return Unavailable(said, errcode=last.errcode, status=last.status, method=last.method, path=last.path)


async def _parse(raw: bytes) -> object:
    """The JSON value in an answer's body; None when it is not JSON."""
    try:
        return await large.decode(raw)
    except ValueError:  # also what bytes that are no UTF-8 raise
        return None


def _in_words(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {error.host} is not trusted: {error.certificate_error}"
        case aiohttp.InvalidURL():
            return "the homeserver's address is not a web address"
        case aiohttp.ClientConnectorDNSError():
            return f"no address found for {error.host}"
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientConnectorError():
            return f"no connection to {error.host}:{error.port} ({error.strerror})"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | aiohttp.ClientOSError():
            return "the connection was cut off"
        case _:
            return f"the request failed ({type(error).__name__})"
