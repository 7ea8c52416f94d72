"""The aiohttp server. `GET /health`: 200 when the program is well, 503 when it is not, JSON in both; `GET /metrics`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

Health = Callable[[], tuple[bool, Mapping[str, object]]]
"""Whether the program is well, and what to say of it; no private datum."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A page of metrics, written when it is asked for, and its media type."""

    page: Callable[[], bytes]
    media_type: str


@asynccontextmanager
async def serve(listen: str, port: int, health: Health, counts: Counts | None = None) -> AsyncIterator[int]:
    """Serve for the length of the block; yields the port (`port` 0 chooses a free one). Raises OSError when taken."""

    async def well(_request: web.Request) -> web.Response:
        is_well, details = health()
        return web.json_response({"status": "ok" if is_well else "unwell", **details}, status=200 if is_well else 503)

    app = web.Application()
    app.router.add_get("/health", well)
    if counts is not None:

        async def counted(_request: web.Request) -> web.Response:
            return web.Response(body=counts.page(), headers={"Content-Type": counts.media_type})

        app.router.add_get("/metrics", counted)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, listen, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
