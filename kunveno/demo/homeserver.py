"""What an embedded Synapse is told: its configuration as data, and the secrets that stay with its data."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

Limits = Literal["default", "open"]


@dataclass(frozen=True, slots=True)
class SynapseOptions:
    """How an embedded Synapse is run.

    `port` 0 chooses a free one. `limits` "open" lifts every rate limit, so that plain accounts can be tested in bulk.
    `registrations` are application services to load. `auto_accept_invites` has local people join what they are invited
    to. `extra` is laid over the configuration, key by key at the top level.
    """

    data: Path
    server_name: str = "kunveno.localhost"
    port: int = 0
    limits: Limits = "default"
    registrations: tuple[Path, ...] = ()
    auto_accept_invites: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Files:
    """Where an embedded Synapse keeps what, below its data folder."""

    data: Path

    @property
    def config(self) -> Path:
        return self.data / "homeserver.yaml"

    @property
    def log(self) -> Path:
        return self.data / "homeserver.log"

    @property
    def output(self) -> Path:
        return self.data / "output.log"

    @property
    def shared_secret(self) -> Path:
        return self.data / "registration-secret"


def write_files(options: SynapseOptions, port: int) -> Files:
    """Writes the configuration anew, and the secrets once. The folder exists. Raises OSError."""
    files = Files(options.data.resolve())
    key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    _keep_secret(files.data / "signing.key", f"ed25519 a_{secrets.token_hex(2)} {key}\n")
    for secret in (files.shared_secret, files.data / "macaroon-secret", files.data / "form-secret"):
        _keep_secret(secret, secrets.token_urlsafe(32))
    logging = files.data / "logging.yaml"
    logging.write_text(yaml.safe_dump(_logging(files)), encoding="utf-8")
    files.config.write_text(yaml.safe_dump(_homeserver(options, files, port, logging)), encoding="utf-8")
    return files


def _homeserver(options: SynapseOptions, files: Files, port: int, logging: Path) -> dict[str, Any]:
    config: dict[str, Any] = {
        "server_name": options.server_name,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [
            {
                "port": port,
                "bind_addresses": ["127.0.0.1"],
                "type": "http",
                "tls": False,
                "x_forwarded": False,
                "resources": [{"names": ["client"], "compress": False}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": str(files.data / "homeserver.db")}},
        "media_store_path": str(files.data / "media"),
        "signing_key_path": str(files.data / "signing.key"),
        "registration_shared_secret_path": str(files.shared_secret),
        "macaroon_secret_key_path": str(files.data / "macaroon-secret"),
        "form_secret_path": str(files.data / "form-secret"),
        "log_config": str(logging),
        "app_service_config_files": [str(path.resolve()) for path in options.registrations],
        "auto_accept_invites": {"enabled": options.auto_accept_invites, "only_from_local_users": True},
        # Nothing leaves this machine.
        "federation_domain_whitelist": [],
        "trusted_key_servers": [],
        "report_stats": False,
        "url_preview_enabled": False,
        "presence": {"enabled": False},
        "enable_registration": False,
    }
    if options.limits == "open":
        config |= _no_limits()
    return config | dict(options.extra)


def _no_limits() -> dict[str, Any]:
    free = {"per_second": 1_000_000, "burst_count": 1_000_000}
    single = (
        "rc_message rc_registration rc_admin_redaction rc_joins_per_room rc_key_requests rc_3pid_validation "
        "rc_third_party_invite rc_media_create rc_delayed_event_mgmt rc_room_creation rc_reports rc_user_directory "
        "rc_profile"
    )
    return {name: free for name in single.split()} | {
        "rc_login": {"address": free, "account": free, "failed_attempts": free},
        "rc_joins": {"local": free, "remote": free},
        "rc_invites": {"per_room": free, "per_user": free, "per_issuer": free},
        "rc_presence": {"per_user": free},
    }


def _logging(files: Files) -> dict[str, Any]:
    return {
        "version": 1,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "formatter": "line", "filename": str(files.log)}},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }


def _keep_secret(path: Path, text: str) -> None:
    """Writes a secret that only we can read, unless it is there already."""
    if path.exists() and path.stat().st_size:
        return
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
