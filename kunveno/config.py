"""The configuration: one YAML file, made of the policies of the lower floors and of what only the program needs.

`config.example.yaml` documents every key. Secrets stand in files of their own, which the configuration names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo

from bots.vote.apportion import Apportionment
from bridge.mirror.policy import MirrorPolicy
from ground import yaml_lines
from ground.database import parse_url
from ground.yaml_lines import KeyPath, YamlFaults
from kunveno import config_problems
from kunveno.config_problems import Problem
from party.policy import Account, Key, PartyPolicy, Policy, shaped

DATABASE_VARIABLE: Final = "KUNVENO_DATABASE_URL"
"""Environment: the database, instead of `database.url`; may hold a password."""

_SERVER: Final = re.compile(r"(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class ConfigError(Exception):
    """The configuration cannot be used. `problems` are all that were found, one sentence each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("base", Path())
    return base / path.expanduser()


def _database(address: str, info: ValidationInfo) -> str:
    url = parse_url(address)
    if url.get_backend_name() != "sqlite" or url.database is None:
        return address
    return url.set(database=str(_beside_the_file(Path(url.database), info))).render_as_string(hide_password=False)


def _without_password(address: str) -> str:
    if parse_url(address).password is not None:
        raise ValueError("a password does not belong here; put it in a file of its own and name it in password_file")
    return address


def _without_slash(url: str) -> str:
    return url.rstrip("/")


LocalPath = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path; a relative one begins at the folder of the configuration."""
ServerName = Annotated[str, shaped(_SERVER, "is no server name; write one like example.org or localhost:8448")]
DeviceId = Annotated[str, shaped(re.compile("[A-Za-z0-9_-]{1,60}"), "is no device; write one like KUNVENO")]
HttpUrl = Annotated[
    str,
    shaped(
        re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?"), "is no web address; write one like https://matrix.example.org"
    ),
    AfterValidator(_without_slash),
]


class Organisation(PartyPolicy):
    """How the organisation is made."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class Homeserver(Policy):
    """The Matrix homeserver, and the account that Kunveno has there."""

    url: HttpUrl
    server_name: ServerName
    account: Literal["application_service", "account"] = "application_service"
    user_id: Account
    device_id: DeviceId = "KUNVENO"
    registration: LocalPath = Field(default=Path("registration.yaml"), validate_default=True)
    """For `application_service`: the file that the homeserver reads too."""
    token_file: LocalPath | None = None
    """For `account`: a file with an access token."""
    password_file: LocalPath | None = None
    """For `account`: a file with the password."""
    crypto: LocalPath = Field(default=Path("crypto"), validate_default=True)
    """The folder of the device's encryption keys."""
    signing_keys: LocalPath = Field(default=Path("signing-keys.json"), validate_default=True)
    """The file of the account's cross-signing keys."""


class DatabaseSection(Policy):
    """Where the register is kept."""

    url: Annotated[str, AfterValidator(_without_password), AfterValidator(_database)] = Field(
        default="sqlite:///kunveno.db", validate_default=True
    )
    password_file: LocalPath | None = None
    """For PostgreSQL: a file with the password."""

    def address(self) -> str:
        """The address with the password of `password_file` in it. Raises OSError when that cannot be read."""
        if self.password_file is None:
            return self.url
        password = self.password_file.read_text(encoding="utf-8").strip()
        return parse_url(self.url).set(password=password).render_as_string(hide_password=False)


class BotsSection(Policy):
    """How the bots listen."""

    prefix: Annotated[
        str, Field(min_length=1, max_length=3), shaped(re.compile(r"[^\w\s]+"), "is no prefix; write one like !")
    ] = "!"
    disabled: tuple[Key, ...] = ()
    """Names of installed bots that are not to run."""
    ignored: tuple[Account, ...] = ()
    """Accounts that are never answered: other bots."""
    announcements: Key = "announcements"
    """The key in `mirror.rooms` of the rooms in which branches are told things."""
    oldest: int = Field(default=24, ge=1, le=24 * 14)
    """Hours after which a message is too old to be acted on."""
    burst: int = Field(default=30, ge=1, le=10_000)
    """Commands that one person may send at once."""
    per_minute: int = Field(default=30, ge=1, le=60_000)
    """Commands a minute that one person may send for long."""


class VotesSection(Policy):
    """How the organisation votes."""

    days: int = Field(default=7, ge=1, le=366)
    """How long a vote is open where nobody says otherwise."""
    suspended: bool = False
    """Whether suspended members vote."""
    proxies: int = Field(default=1, ge=0, le=100)
    """For how many others one member may vote; 0: no proxies at all."""
    grace: int = Field(default=60, ge=0, le=3600)
    """For how many seconds after the close a ballot that was sent before it may still arrive."""
    breakdown: int = Field(default=10, ge=2, le=1000)
    """Confidential ballots of fewer are never shown apart."""
    mandate_office: Key | None = None
    """A branch has as many mandates as it has holders of this office, where it has any."""
    mandate_members: int = Field(default=50, ge=1, le=100_000)
    """Else one mandate for each so many members on the roll that are begun."""
    apportionment: Apportionment = Apportionment.REMAINDER
    """How the mandates of a branch are split by its votes."""
    remind: int | None = Field(default=24, ge=0, le=24 * 30)
    """How many hours before the close those who have not voted are reminded; 0 or null: only when somebody asks."""
    ties: Literal["status_quo", "chair", "lot"] = "status_quo"
    """What decides between equals where nobody says otherwise."""
    chair: Key = "secretary"
    """The office that decides where the chair does."""
    abstentions: Literal["counted", "apart"] = "apart"
    """Whether abstentions count among the votes cast where nobody says otherwise."""
    secret: LocalPath = Field(default=Path("ballot-secret"), validate_default=True)
    """The file of the secret of confidential ballots."""
    key: LocalPath = Field(default=Path("vote-key"), validate_default=True)
    """The file of the key that signs the records of votes."""

    def policy_values(self) -> dict[str, Any]:
        """What `bots.vote.policy.VotePolicy` takes."""
        return {**self.model_dump(exclude={"secret", "key"}), "remind": self.remind or 0}


class LogSection(Policy):
    """How `kunveno run` says on standard error what it does."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Web(Policy):
    """Where `kunveno run` answers `GET /health` and `GET /metrics`."""

    listen: str = "127.0.0.1"
    port: int = Field(default=8090, ge=1, le=65535)


class Config(Policy):
    """The whole configuration. Its parts are what the floors below take."""

    organisation: Organisation
    homeserver: Homeserver
    database: DatabaseSection = Field(default_factory=DatabaseSection)
    mirror: MirrorPolicy = Field(default_factory=MirrorPolicy)
    bots: BotsSection = Field(default_factory=BotsSection)
    votes: VotesSection = Field(default_factory=VotesSection)
    web: Web = Field(default_factory=Web)
    log: LogSection = Field(default_factory=LogSection)

    def party(self) -> PartyPolicy:
        """What the register needs to know."""
        return self.organisation

    def mirror_policy(self) -> MirrorPolicy:
        """What the mirror needs to know."""
        return self.mirror


def load(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration in the file at `path`. Relative paths in it begin at its folder.

    `environment` may name another database (`KUNVENO_DATABASE_URL`). Raises ConfigError with all that is wrong.
    """
    return read(_read(path), path, environment)


def read(text: str, path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """What `load` gives once a text stands at `path`. Raises ConfigError with all that is wrong."""
    config = parse(text, path)
    address = (environment or {}).get(DATABASE_VARIABLE)
    return config if not address else _with_database(config, address, path.absolute().parent)


def parse(text: str, path: Path) -> Config:
    """The configuration in a text that stands, or will, at `path`. Raises ConfigError with all that is wrong."""
    try:
        document = yaml_lines.read(text)
    except YamlFaults as error:
        raise ConfigError(
            [Problem(str(path), fault.line, config_problems.dotted(fault.path), fault.what) for fault in error.faults]
        ) from None
    data = document.data
    if not isinstance(data, dict):
        raise ConfigError([Problem(str(path), 1, "", "this is no configuration; `kunveno init` writes one")])
    try:
        config = Config.model_validate({"database": {}, "votes": {}, **data}, context={"base": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError(
            config_problems.describe(Config, error, file=str(path), data=data, line=document.line)
        ) from None
    if problems := [
        Problem(str(path), document.line(key), config_problems.dotted(key), what) for key, what in _crossed(config)
    ]:
        raise ConfigError(problems)
    return config


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        what = "there is no such file; `kunveno init` writes one, `--config` or KUNVENO_CONFIG names another"
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        what = "it is not written in UTF-8; save it as UTF-8"
    raise ConfigError([Problem(str(path), None, "", what)])


def _with_database(config: Config, address: str, base: Path) -> Config:
    try:
        url = parse_url(address)
    except ValueError as error:
        raise ConfigError([Problem(DATABASE_VARIABLE, None, "", str(error))]) from None
    if url.get_backend_name() == "sqlite" and url.database is not None:
        url = url.set(database=str(base / url.database))
    section = DatabaseSection.model_construct(url=url.render_as_string(hide_password=False), password_file=None)
    return config.model_copy(update={"database": section})


def _crossed(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """What no part can see by itself."""
    organisation, homeserver, mirror = config.organisation, config.homeserver, config.mirror
    chair = config.votes.chair
    if (config.votes.ties == "chair" or "chair" in config.votes.model_fields_set) and chair not in organisation.offices:
        yield ("votes", "chair"), config_problems.unknown(chair, "office", organisation.offices)
    for key, kind in mirror.rooms.items():
        for position, tier in enumerate(kind.tiers or ()):
            if tier not in organisation.tiers:
                yield (
                    ("mirror", "rooms", key, "tiers", position),
                    config_problems.unknown(tier, "tier", organisation.tiers),
                )
    told = config.bots.announcements
    if "announcements" in config.bots.model_fields_set and told not in mirror.rooms:
        yield ("bots", "announcements"), config_problems.unknown(told, "kind of room", mirror.rooms)
    for office in mirror.power:
        if office not in organisation.offices:
            yield ("mirror", "power", office), config_problems.unknown(office, "office", organisation.offices)
    localpart, _, server = homeserver.user_id.partition(":")
    if server != homeserver.server_name:
        yield (
            ("homeserver", "user_id"),
            f"'{homeserver.user_id}' is not on {homeserver.server_name}; "
            f"write {localpart}:{homeserver.server_name}, or correct homeserver.server_name",
        )
    if homeserver.account == "account" and homeserver.token_file is None and homeserver.password_file is None:
        yield (
            ("homeserver", "account"),
            "'account' needs a secret; name a file in homeserver.token_file or homeserver.password_file",
        )
    if config.database.password_file is not None and config.database.url.startswith("sqlite"):
        yield ("database", "password_file"), "SQLite has no password; leave this key out"
