"""The aiohttp server. It answers `GET /health`: 200 when the program is well, 503 when it is not, JSON in both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

Health = Callable[[], tuple[bool, Mapping[str, object]]]
"""Whether the program is well, and what to say of it; no private datum."""


@asynccontextmanager
async def serve(listen: str, port: int, health: Health) -> AsyncIterator[int]:
    """Serve for the length of the block; yields the port (`port` 0 chooses a free one). Raises OSError when taken."""

    async def answer(_request: web.Request) -> web.Response:
        well, details = health()
        return web.json_response({"status": "ok" if well else "unwell", **details}, status=200 if well else 503)

    app = web.Application()
    app.router.add_get("/health", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, listen, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
