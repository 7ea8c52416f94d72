"""What tests stand on: one real Synapse and one real PostgreSQL for the whole run, both started only when needed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from zlib import crc32

import aiohttp
import pytest
from hypothesis import HealthCheck, settings

from bridge.matrix.api import MatrixApi
from bridge.matrix.registration import Registration, load_registration, write_registration
from kunveno.demo.synapse import EmbeddedSynapse, SynapseOptions
from tests.support import postgres as postgresql
from tests.support.engines import share_compiled_statements
from tests.support.people import NewBot, NewMember, make_bot, make_member
from tests.support.standstill import waiting_tasks

SERVER_NAME = "kunveno.localhost"
# How long an example takes says how busy the machine is.
settings.register_profile("kunveno", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kunveno")
QUICK_PASSWORDS = {"bcrypt_rounds": 4}
BOTH = os.environ.get("KUNVENO_DATABASES") == "both"
"""Whether conversations are held on both databases. Else each is held on one of them, half of them on either; what is
about databases, kills and restores is tested on both in any case. Where there is no PostgreSQL, all are on SQLite."""
CONVERSATIONS = (
    "tests/unit/bots/",
    "tests/unit/kit/",
    *(f"tests/synapse/test_{name}.py" for name in ("bots", "receive", "run", "run_messages")),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what starts a server, so that `-m "not synapse"` leaves a run of milliseconds."""
    if not BOTH and postgresql.find_programs() is not None:
        left_out = _other_database(items)
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
        items[:] = [item for item in items if item.nodeid not in left_out]
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "tests/synapse/" in item.path.as_posix() or {"synapse", "limited_synapse"} & set(fixtures):
            item.add_marker("synapse")
        call = getattr(item, "callspec", None)
        if "postgres" in fixtures or (call is not None and call.params.get("database_url") == "postgres"):
            item.add_marker("postgres")
    # What starts servers takes minutes: were it last, one worker would go on alone.
    items.sort(key=lambda item: item.get_closest_marker("synapse") is None)


def _other_database(items: list[pytest.Item]) -> set[str]:
    """Of each conversation that could be held on both databases, the one that is not held this time."""
    named = {item.nodeid for item in items if any(folder in item.nodeid for folder in CONVERSATIONS)}
    left_out = set()
    for name in named:
        test, _, which = name.partition("[")
        other = f"{test}[{which.replace('sqlite', 'postgres')}"
        if other != name and other in named:
            left_out.add((name, other)[crc32(name.encode()) % 2])
    return left_out


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Says of a test that ran out of time what it was waiting for."""
    report = yield
    if call.excinfo is not None and str(call.excinfo.value).startswith("Timeout (>"):
        report.sections.append(("tasks that wait", waiting_tasks()))
    return report


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """Statements are compiled once for the whole run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_compiled_statements(monkeypatch)
        yield


@pytest.fixture(scope="session")
def registration_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application service whose namespace holds any number of bots, `@kunveno-…`."""
    path = tmp_path_factory.mktemp("registration") / "registration.yaml"
    write_registration(
        path,
        server_name=SERVER_NAME,
        user_pattern=f"@kunveno.*:{SERVER_NAME}",
        alias_pattern=f"#kunveno.*:{SERVER_NAME}",
        exclusive_aliases=False,
    )
    return path


@pytest.fixture(scope="session")
def registration(registration_file: Path) -> Registration:
    return load_registration(registration_file)


@pytest.fixture(scope="session")
async def synapse(tmp_path_factory: pytest.TempPathFactory, registration_file: Path) -> AsyncIterator[EmbeddedSynapse]:
    """One Synapse for the whole run, without rate limits. Tests keep apart by using accounts of their own."""
    options = SynapseOptions(
        data=tmp_path_factory.mktemp("synapse"),
        server_name=SERVER_NAME,
        limits="open",
        registrations=(registration_file,),
        extra=QUICK_PASSWORDS,
    )
    async with EmbeddedSynapse.start(options) as running:
        yield running


@pytest.fixture(scope="session")
async def limited_synapse(
    tmp_path_factory: pytest.TempPathFactory, registration_file: Path
) -> AsyncIterator[EmbeddedSynapse]:
    """A second Synapse, with Synapse's own rate limits."""
    options = SynapseOptions(
        data=tmp_path_factory.mktemp("limited-synapse"),
        server_name=SERVER_NAME,
        limits="default",
        registrations=(registration_file,),
        extra=QUICK_PASSWORDS,
    )
    async with EmbeddedSynapse.start(options) as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to the homeservers of the tests."""
    limits = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64), timeout=limits) as session:
        yield session


@pytest.fixture
def new_bot(synapse: EmbeddedSynapse, registration: Registration, http: aiohttp.ClientSession) -> NewBot:
    """Makes bots of the application service."""

    async def make() -> MatrixApi:
        return await make_bot(synapse, registration, http)

    return make


@pytest.fixture
async def bot(new_bot: NewBot) -> MatrixApi:
    """A bot of the application service that has seen no room yet."""
    return await new_bot()


@pytest.fixture
def new_member(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> NewMember:
    """Makes people: `user_id, api = await new_member()`."""

    async def make() -> tuple[str, MatrixApi]:
        return await make_member(synapse, http)

    return make


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.PostgresServer]:
    """One PostgreSQL for the whole run."""
    programs = postgresql.find_programs()
    if programs is None:
        pytest.skip(postgresql.MISSING)
    with postgresql.running_postgres(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'kunveno.db'}"
        return
    server: postgresql.PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url
