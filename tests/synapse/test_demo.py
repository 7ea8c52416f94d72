"""The demonstration, as somebody types it: a program of its own, on a folder and a port of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

from kunveno.demo.scenario import PASSWORD
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import EncryptedMember
from tests.support.town import answered

_LIMIT = 90.0
"""Seconds for one demonstration: it starts a Synapse and builds a few rooms."""
_SMALL = "corse"  # a region with two departments: 4 branches with the national one
_VOTES = "auvergne-rhone-alpes"  # what is mirrored where nothing is said; its secretary asks for a vote


async def _demo(folder: Path, port: int, *options: str) -> tuple[int, str, str]:
    process = await _start(folder, port, *options)
    try:
        async with asyncio.timeout(_LIMIT):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def _start(
    folder: Path, port: int, *options: str, once: bool = True, branches: str = _SMALL
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kunveno", "demo", *(["--once"] if once else []), "--branches", branches,
        "--data", str(folder), "--port", str(port), *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_builds_once_and_then_has_nothing_to_change(tmp_path: Path) -> None:
    port = _free_port()
    status, out, err = await _demo(tmp_path / "data", port)
    assert status == 0, err
    assert "Read from examples/france: 116 branches" in out
    assert re.search(r"^\d+ steps done: 16 spaces and rooms\.$", out, re.MULTILINE)
    assert "  Corse   space " in out
    assert "    Haute-Corse   space " in out
    assert f"http://127.0.0.1:{port}" in out

    status, out, err = await _demo(tmp_path / "data", port)
    assert status == 0, err
    assert "Nothing has to be changed: 16 spaces and rooms are as the register says." in out


@pytest.mark.timeout(600)
async def test_the_bot_answers_in_the_rooms_of_a_branch(tmp_path: Path) -> None:
    """Many branches vote; and whoever logs in as the demonstration says, and types `!help`, is answered."""
    port = _free_port()
    process = await _start(tmp_path / "data", port, once=False, branches=_VOTES)
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(_LIMIT * 4):
            while "It stays up until Ctrl-C. Write !help in any room" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, said
                said += line
        assert "à la double majorité des têtes et des structures." in said
        picture = re.search(r"The picture of the result: (\S+\.png)", said)
        assert picture is not None, said
        with Image.open(picture[1]) as shown:
            assert (shown.format, min(shown.size) > 300) == ("PNG", True)
        who = re.search(r"^  (\S+) +.+, secretary of France$", said, re.MULTILINE)
        assert who is not None, said
        at = cast(EmbeddedSynapse, SimpleNamespace(url=f"http://127.0.0.1:{port}"))
        async with EncryptedMember.with_account(at, tmp_path / "keys", who[1], PASSWORD) as member:
            rooms = {room.name: room_id for room_id, room in member.client.rooms.items()}
            room = next(room_id for name, room_id in rooms.items() if name and name.startswith("Discussion – France"))
            asked = await member.say(room, "!help")
            answer = await member.see(room, lambda seen: answered(seen) == asked, seconds=60)
            assert answer.encrypted
            assert "!branche" in answer.body
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(30):
                await process.communicate()


async def test_goes_on_after_a_run_that_was_killed(tmp_path: Path) -> None:
    port = _free_port()
    process = await _start(tmp_path / "data", port)
    assert process.stderr is not None
    async with asyncio.timeout(_LIMIT):
        async for line in process.stderr:
            if line.startswith(b"Mirroring"):
                break
        os.kill(process.pid, signal.SIGKILL)
        await process.communicate()
    status, _, err = await _demo(tmp_path / "data", port)
    assert status == 0, err
    status, out, err = await _demo(tmp_path / "data", port)
    assert status == 0, err
    assert "Nothing has to be changed: 16 spaces and rooms are as the register says." in out


async def test_says_in_a_sentence_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, _, err = await _demo(tmp_path / "data", port)
    assert status == 1
    assert f"port {port} is taken by another program; name another one: make demo PORT={port + 1}" in err
    assert "Traceback" not in err


async def test_says_in_a_sentence_that_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    status, _, err = await _demo(tmp_path / "file", _free_port())
    assert status == 1
    assert "cannot be written" in err
    assert "--data" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("branches", ["atlantis", "Corse"])
async def test_says_in_a_sentence_that_there_is_no_such_branch(tmp_path: Path, branches: str) -> None:
    status, _, err = await _demo(tmp_path / "data", _free_port(), "--branches", branches)
    assert status == 1
    assert f"'{branches}'" in err
    assert "Traceback" not in err
