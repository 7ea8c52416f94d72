"""A real Synapse of our own, on the loopback interface only: for the demonstration, the tests and the benchmarks."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import hmac
import importlib.util
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from bridge.matrix.api import login_password
from bridge.matrix.errors import MatrixError
from bridge.matrix.transport import Credentials
from kunveno.demo.homeserver import Files, SynapseOptions, write_files

__all__ = [
    "DataFolderBusy",
    "DataFolderUnusable",
    "EmbeddedSynapse",
    "PortTaken",
    "SynapseFailed",
    "SynapseMissing",
    "SynapseOptions",
]

HOST = "127.0.0.1"
BOOT = 120.0
"""Seconds that Synapse has until it answers; a new database takes about four."""
STOP = 20.0
"""Seconds that Synapse has to stop before it is killed."""
POLL = 0.05
LAST_LINES = 15


class SynapseFailed(Exception):
    """The embedded Synapse does not run; the text is a sentence, with Synapse's last words where it had some."""


class SynapseMissing(SynapseFailed):
    """The package is not installed."""


class PortTaken(SynapseFailed):
    """Something else listens on the port that was asked for."""


class DataFolderUnusable(SynapseFailed):
    """The data folder cannot be made or written."""


class DataFolderBusy(SynapseFailed):
    """Another Synapse runs on this data folder."""


class EmbeddedSynapse:
    """A running Synapse. Made by `start`; `url` is where it answers, `port` does not change over a restart."""

    def __init__(self, options: SynapseOptions, port: int, files: Files, lock: int) -> None:
        self.options = options
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self._files = files
        self._lock = lock
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    @asynccontextmanager
    async def start(cls, options: SynapseOptions) -> AsyncIterator[EmbeddedSynapse]:
        """Starts Synapse on new or kept data, waits until it answers, stops it at the end. Raises `SynapseFailed`."""
        if importlib.util.find_spec("synapse") is None:
            raise SynapseMissing("Synapse is not installed: install it with `pip install 'kunveno[demo]'`.")
        port = _free_port(options.port)
        try:
            lock = _lock(options.data)
        except OSError as error:
            raise _unusable(options.data, error) from error
        try:
            try:
                files = write_files(options, port)
            except OSError as error:
                raise _unusable(options.data, error) from error
            synapse = cls(options, port, files, lock)
            try:
                await synapse._run()
                yield synapse
            finally:
                await synapse.stop()
        finally:
            os.close(lock)

    @property
    def server_name(self) -> str:
        return self.options.server_name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def stop(self) -> None:
        """Asks Synapse to stop, and kills it when it takes too long. Nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP):
                await process.wait()
        except TimeoutError:
            await _kill(process)
        except asyncio.CancelledError:
            await _kill(process)
            raise

    async def restart(self) -> None:
        """Stops and starts again on the same data and port."""
        await self.stop()
        await self._run()

    async def register_user(
        self, localpart: str, password: str, *, admin: bool = False, display_name: str | None = None
    ) -> str:
        """Registers an account by the shared secret, returns an access token. `MatrixError` when the name is taken."""
        address = f"{self.url}/_synapse/admin/v1/register"
        secret = self._files.shared_secret.read_text(encoding="utf-8").strip()
        async with aiohttp.ClientSession() as session:
            async with session.get(address) as response:
                nonce = str((await response.json())["nonce"])
            said = "\0".join((nonce, localpart, password, "admin" if admin else "notadmin"))
            mac = hmac.new(secret.encode(), said.encode(), hashlib.sha1).hexdigest()
            body = {"nonce": nonce, "username": localpart, "password": password, "admin": admin, "mac": mac}
            if display_name is not None:
                body["displayname"] = display_name
            async with session.post(address, json=body) as response:
                answer = await response.json()
                if response.status != 200:
                    raise MatrixError(
                        str(answer.get("error")),
                        errcode=str(answer.get("errcode")),
                        status=response.status,
                        method="POST",
                        path="/_synapse/admin/v1/register",
                    )
                return str(answer["access_token"])

    async def login(self, localpart: str, password: str, *, device_id: str | None = None) -> Credentials:
        """Logs an account in."""
        async with aiohttp.ClientSession() as session:
            return await login_password(self.url, localpart, password, device_id, "Kunveno", session=session)

    async def _run(self) -> None:
        child = Path(__file__).with_name("synapse_child.py")
        with self._files.output.open("wb") as output:
            # Its own process group: Ctrl-C at the terminal is ours to handle. It inherits the lock, which so lasts
            # for as long as either of us lives. -P keeps the script's folder out of the import path.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(child), str(os.getpid()), "-c", str(self._files.config),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self._files.data, pass_fds=(self._lock,), process_group=0,
            )  # fmt: skip
        try:
            await self._wait_until_healthy(self._process)
        except BaseException:
            await self.stop()
            raise

    async def _wait_until_healthy(self, process: asyncio.subprocess.Process) -> None:
        until = time.monotonic() + BOOT
        limits = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=limits) as session:
            while time.monotonic() < until:
                if process.returncode is not None:
                    raise self._failure(f"Synapse stopped while starting (status {process.returncode})")
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/health") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(POLL)
        raise self._failure(f"Synapse did not answer within {BOOT:.0f} s")

    def _failure(self, what: str) -> SynapseFailed:
        lines = _last_lines(self._files.log) + _last_lines(self._files.output)
        if any("Address already in use" in line for line in lines):
            return PortTaken(_port_taken(self.port))
        return SynapseFailed("\n".join((f"{what}. Its last words:", *lines)) if lines else f"{what}, without a word.")


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(_port_taken(wanted)) from error
            raise SynapseFailed(f"Port {wanted} cannot be used: {error.strerror}.") from error
        return int(probe.getsockname()[1])


def _port_taken(port: int) -> str:
    return f"Port {port} of {HOST} is taken by another program: stop that one, or choose another port."


async def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _unusable(data: Path, error: OSError) -> DataFolderUnusable:
    return DataFolderUnusable(f"The data folder {data} cannot be used: {error.strerror or error}.")


def _lock(data: Path) -> int:
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DataFolderBusy(f"Another Synapse runs on {data}: stop that one first.") from error
    return descriptor


def _last_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    except OSError:
        return []
