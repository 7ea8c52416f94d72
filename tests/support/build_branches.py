"""`python -m tests.support.build_branches DATABASE-URL HOMESERVER-URL USER-ID`: builds the mirror, to be killed.

For every line on its input a process of its own (`pid N`) applies the mirror once and says a line for each step; then
`ended STATUS`, as `waitpid` has it. The processes are forked after everything was loaded, so that their time goes into
building. The token of the application service comes by the environment, in KUNVENO_AS_TOKEN.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from typing import NoReturn

from bridge.matrix.api import Credentials, MatrixApi
from bridge.mirror.mirror import Mirror
from bridge.mirror.steps import Step
from ground.clock import FixedClock
from ground.database import Database
from tests.support.mirror import policy
from tests.support.people import PATIENCE
from tests.support.register import NOW, POLICY

TOKEN = "KUNVENO_AS_TOKEN"


async def build(database_url: str, url: str, user_id: str, token: str) -> bool:
    """Apply once. Returns whether nothing failed."""
    credentials = Credentials(token, user_id, "KUNVENO", application_service=True)
    async with Database.open(database_url) as database, MatrixApi.connect(url, credentials, patience=PATIENCE) as api:
        server = user_id.partition(":")[2]
        mirror = Mirror(database, api, POLICY, policy(), server, FixedClock(NOW))

        def say(step: Step, reason: str | None) -> None:
            _say("failed" if reason else "done", type(step).__name__, reason or "")

        view = await mirror.look()
        _say("plan", len(view.plan.steps))
        return not (await mirror.carry_out(view, say)).failed


def main() -> None:
    """Fork for every line."""
    _, database_url, url, user_id = sys.argv
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _build_and_end(database_url, url, user_id)
        _say("pid", pid)
        _say("ended", os.waitpid(pid, 0)[1])


def _say(*words: object) -> None:
    """Write a line whole or not at all, also when killed in the middle.

    `print` writes it piece by piece where Python does not buffer; the next line would then end that of the killed one.
    """
    os.write(sys.stdout.fileno(), " ".join(map(str, words)).encode() + b"\n")


def _build_and_end(database_url: str, url: str, user_id: str) -> NoReturn:
    status = 1
    try:
        status = 0 if asyncio.run(build(database_url, url, user_id, os.environ[TOKEN])) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)  # whatever happened: what stands above in the stack is the parent's


if __name__ == "__main__":
    main()
