"""What `kunveno check` says of the bot's device: its keys here, and whether clients may trust it. Makes nothing."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from bridge.matrix import crosssigning
from bridge.matrix.api import MatrixApi
from bridge.matrix.cryptofolder import CryptoFolder
from ground import locks
from kunveno.config import Homeserver
from kunveno.findings import Finding

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def files(where: Homeserver) -> Iterator[Finding]:
    """The folder of the device's keys and the file of the identity: are they there, and their owner's alone."""
    folder = where.crypto
    if not folder.is_dir():
        yield Finding("ok", "configuration", f"{folder}: there are no keys of a device yet; `kunveno run` makes them")
    else:
        open_to_others = [path for path in (folder, *sorted(folder.iterdir())) if path.stat().st_mode & _OTHERS]
        for path in open_to_others:
            mode = "700" if path.is_dir() else "600"
            yield Finding("warn", "configuration", f"{path}: others can read the device's keys", f"chmod {mode} {path}")
        if not open_to_others:
            yield Finding("ok", "configuration", f"{folder}: the device's keys are there, and their owner's alone")
        yield _who(folder)
    if where.signing_keys.exists() and where.signing_keys.stat().st_mode & _OTHERS:
        yield Finding(
            "warn",
            "configuration",
            f"{where.signing_keys}: others can read the signing keys, and speak as the bot",
            f"chmod 600 {where.signing_keys}",
        )


def _who(folder: Path) -> Finding:
    lock = folder / "lock"
    if lock.exists():
        with locks.hold_file(lock) as free:
            if not free:
                return Finding("ok", "service", "a process is this device now, and no other can be")
    return Finding("ok", "service", "no process is this device now")


async def trust(api: MatrixApi, where: Homeserver) -> Finding:
    """Whether the device is signed, and by which identity. Raises MatrixError."""
    device = CryptoFolder(where.crypto).device_id()
    if device is None:
        return _ok("the account has no device of its own here yet; the first `kunveno run` makes and signs it")
    remedy = f"put the file {where.signing_keys} of the backup back, then start `kunveno run`, which signs the device"
    try:
        identity = crosssigning.kept(where.signing_keys)
    except crosssigning.IdentityUnreadable as error:
        return Finding("bad", "homeserver", str(error), remedy)
    if identity is None:
        what = f"{where.signing_keys}: the signing keys are gone, so that nobody can sign the device {device}"
        return Finding("bad", "homeserver", what, remedy)
    answer = await api.query_keys([api.user_id])
    published = identity.is_published_in(answer, api.user_id)
    if published and identity.has_signed(answer, api.user_id, device):
        return _ok(f"the device {device} is signed by the account's identity {identity.fingerprint}")
    if published is False:
        what = f"the account has another identity than the one in {where.signing_keys}: clients do not trust {device}"
        return Finding("bad", "homeserver", what, remedy)
    what = f"the device {device} is not signed: clients warn of it, or do not share keys with it"
    return Finding("bad", "homeserver", what, "start `kunveno run`, which signs it, and look at what it says")


def _ok(what: str) -> Finding:
    return Finding("ok", "homeserver", what)
