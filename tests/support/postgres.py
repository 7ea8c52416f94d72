"""A PostgreSQL server of the tests' own, on the loopback interface, with its data in a folder that is thrown away."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

ROLE = "kunveno"
MISSING = "PostgreSQL is not installed; install Debian's package postgresql to run these tests"
STARTING = 30.0
"""Seconds that the server has until it takes connections."""
PR_SET_PDEATHSIG = 1
SPARE = "spare"
"""The schema in which tables that a test made wait, emptied, for the next one: making dozens takes far longer."""
MARK = """
    SELECT md5(string_agg(concat_ws(' ', oid, relname, relnatts, relchecks), ',' ORDER BY oid))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
"""Tells whether the tables are those that were made: the second word of the comment on their schema."""
_EMPTY = f"""
    SET client_min_messages = error;
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        \\g /dev/null
    SELECT coalesce(split_part(obj_description('public'::regnamespace, 'pg_namespace'), ' ', 2) = ({MARK}), false)
        AS unchanged \\gset
    \\if :unchanged
        SET session_replication_role = replica;
        SELECT unnest(ARRAY[format('DELETE FROM %s', oid::regclass), format('VACUUM %s', oid::regclass)]) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
            \\gexec
        SELECT format('ALTER SEQUENCE %I RESTART', sequencename) FROM pg_sequences
            WHERE schemaname = 'public' AND last_value IS NOT NULL
            \\gexec
        DROP SCHEMA IF EXISTS {SPARE} CASCADE;
        ALTER SCHEMA public RENAME TO {SPARE};
    \\else
        DROP SCHEMA public CASCADE;
    \\endif
    CREATE SCHEMA public;
"""  # noqa: S608 - our own statement


class Identity(TypedDict, total=False):
    """Whom a process runs as, for `subprocess`."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server that lets every local user in as `kunveno`."""

    programs: Path
    port: int
    _free: list[str] = field(default_factory=list)
    """Databases that were used and emptied: much quicker than new ones."""

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{ROLE}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, emptied again afterwards."""
        name = self._free.pop() if self._free else self._create()
        try:
            yield self.url(name)
        finally:
            self._sql(_EMPTY, name)
            self._free.append(name)

    def _create(self) -> str:
        name = f"test_{secrets.token_hex(6)}"
        self._sql(f"CREATE DATABASE {name};", "postgres")
        return name

    def _sql(self, statements: str, database: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", ROLE, "-d", database]
        command = [str(self.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where]
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, input=statements, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"psql failed: {done.stderr}")


def find_programs() -> Path | None:
    """The folder with initdb, postgres and psql; the newest where Debian keeps several."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda folder: int("0" + "".join(filter(str.isdigit, folder.parent.name))))[::-1]
    for folder in candidates:
        if all((folder / program).exists() for program in ("initdb", "postgres", "psql")):
            return folder
    return None


@contextmanager
def running_postgres(programs: Path) -> Iterator[PostgresServer]:
    """Makes a cluster, starts it, and throws it away. Durability is off. Root steps down: PostgreSQL refuses root."""
    identity = _unprivileged()
    # Not below pytest's folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="kunveno-postgres-"))
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = folder / "data"
        init = ["-D", str(data), "-U", ROLE, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(  # noqa: S603 - our own arguments
            [programs / "initdb", *init], timeout=60,
            cwd=folder, capture_output=True, text=True, check=False, **identity,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        port = _free_port()
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - our own arguments
                [programs / "postgres", "-D", str(data), *_settings(folder, port)],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
                preexec_fn=_die_with_parent(), **identity,
            )  # fmt: skip
        try:
            _wait_until_ready(server, port, folder / "log")
            yield PostgresServer(programs, port)
        finally:
            server.send_signal(signal.SIGINT)  # "fast": ends sessions, leaves cleanly
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "max_connections": "200",
        "shared_buffers": "64MB",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _unprivileged() -> Identity:
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")


def _die_with_parent() -> _Tie | None:
    return _Tie(ctypes.CDLL(None).prctl) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class _Tie:
    """Runs in the child between fork and exec: when the tests are killed, the server stops (prctl(2)).

    The function is looked up before the fork: a lock of the loader that another thread held would never be freed after.
    """

    prctl: Callable[[int, int], int]

    def __call__(self) -> None:
        self.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        if "ready to accept connections" in log.read_text(errors="replace"):
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start on port {port}: {log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
