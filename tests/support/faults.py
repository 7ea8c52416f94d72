"""A proxy that fails when it is told to, between a client and a homeserver."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

HOP_BY_HOP = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Answers in the homeserver's place, which hears nothing."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """Cuts the connection; the homeserver hears nothing."""


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The homeserver carries the request out, then the connection is cut: the client cannot know."""


Fault = Reply | Drop | LoseAnswer


class FaultProxy:
    """Passes requests on to `upstream`, except that each fault in `faults` takes the next request."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.faults: deque[Fault] = deque()
        self.seen: list[str] = []
        """Method and decoded path of each request that came, whatever became of it."""
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def start(cls, upstream: str) -> AsyncIterator[FaultProxy]:
        proxy = cls(upstream)
        async with pass_through(proxy):
            yield proxy

    def fail(self, *faults: Fault) -> None:
        """The next requests meet these, one each."""
        self.faults.extend(faults)

    async def before(self, request: web.Request) -> Fault | None:
        """What becomes of the next request."""
        return self.faults.popleft() if self.faults else None

    def doubles(self, request: web.Request) -> bool:
        """Whether the homeserver gets this request twice."""
        return False

    async def handle(self, request: web.Request, session: aiohttp.ClientSession) -> web.StreamResponse:
        """Answer a request."""
        self.seen.append(f"{request.method} {request.path}")
        match await self.before(request):
            case Reply(status, body, headers):
                return web.Response(status=status, text=body, headers=headers)
            case Drop():
                return _cut(request)
            case LoseAnswer():
                await self._pass_on(request, session)
                return _cut(request)
            case None:
                if self.doubles(request):
                    await self._pass_on(request, session)
                return await self._pass_on(request, session)

    async def _pass_on(self, request: web.Request, session: aiohttp.ClientSession) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = URL(self.upstream + request.raw_path, encoded=True)
        async with session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


@asynccontextmanager
async def pass_through(proxy: FaultProxy) -> AsyncIterator[None]:
    """Let the proxy listen; its `url` says where."""
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        application = web.Application(client_max_size=16 * 1024 * 1024)

        async def handle(request: web.Request) -> web.StreamResponse:
            return await proxy.handle(request, session)

        application.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            proxy.url = f"http://{host}:{port}"
            yield
        finally:
            await runner.cleanup()


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
