"""The embedded Synapse: it starts, keeps its data, and says in a sentence why it does not run."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import aiohttp
import pytest

from bridge.matrix.api import MatrixError
from kunveno.demo.synapse import (
    DataFolderBusy,
    DataFolderUnusable,
    EmbeddedSynapse,
    PortTaken,
    SynapseFailed,
    SynapseMissing,
    SynapseOptions,
)


async def answers(port: int) -> bool:
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/health") as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def test_start_stop_and_start_again_on_the_same_data(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    async with EmbeddedSynapse.start(SynapseOptions(data)) as synapse:
        assert await answers(synapse.port)
        await synapse.register_user("anna", "a password")
        with pytest.raises(MatrixError) as caught:
            await synapse.register_user("anna", "a password")
        assert caught.value.errcode == "M_USER_IN_USE"
        port = synapse.port
        await synapse.restart()
        assert synapse.port == port
        assert (await synapse.login("anna", "a password")).user_id == "@anna:kunveno.localhost"
    assert not await answers(port)

    async with EmbeddedSynapse.start(SynapseOptions(data, port=port)) as synapse:
        credentials = await synapse.login("anna", "a password", device_id="LAPTOP")
        assert credentials.device_id == "LAPTOP"


async def test_secrets_are_for_our_eyes_only(synapse: EmbeddedSynapse) -> None:
    data = synapse.options.data
    assert stat.S_IMODE((data / "registration-secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "signing.key").stat().st_mode) == 0o600
    config = (data / "homeserver.yaml").read_text()
    assert (data / "registration-secret").read_text() not in config
    assert "0.0.0.0" not in config  # noqa: S104 - that nobody listens there is what is tested


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} .* taken"):
            async with EmbeddedSynapse.start(SynapseOptions(tmp_path / "data", port=port)):
                pytest.fail("it started")
    assert not (tmp_path / "data").exists()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    data = tmp_path / "file" / "data"
    with pytest.raises(DataFolderUnusable) as caught:
        async with EmbeddedSynapse.start(SynapseOptions(data)):
            pytest.fail("it started")
    assert str(data) in str(caught.value)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
async def test_a_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    await asyncio.to_thread(tmp_path.chmod, 0o500)
    with pytest.raises(DataFolderUnusable, match="Permission denied"):
        async with EmbeddedSynapse.start(SynapseOptions(tmp_path / "data")):
            pytest.fail("it started")


async def test_two_do_not_share_a_folder(synapse: EmbeddedSynapse) -> None:
    before = (synapse.options.data / "homeserver.yaml").read_bytes()
    with pytest.raises(DataFolderBusy, match="Another Synapse runs"):
        async with EmbeddedSynapse.start(SynapseOptions(synapse.options.data)):
            pytest.fail("it started")
    assert (synapse.options.data / "homeserver.yaml").read_bytes() == before


async def test_a_refused_configuration_is_told_in_synapses_words(tmp_path: Path) -> None:
    options = SynapseOptions(tmp_path, extra={"presence": {"enabled": "perhaps"}, "max_upload_size": "many"})
    with pytest.raises(SynapseFailed, match="stopped while starting") as caught:
        async with EmbeddedSynapse.start(options):
            pytest.fail("it started")
    assert "many" in str(caught.value)


async def test_a_missing_synapse_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SynapseMissing, match=r"kunveno\[demo\]"):
        async with EmbeddedSynapse.start(SynapseOptions(tmp_path)):
            pytest.fail("it started")


PARENT = """
import asyncio, pathlib, sys
from kunveno.demo.synapse import EmbeddedSynapse, SynapseOptions

async def main():
    async with EmbeddedSynapse.start(SynapseOptions(pathlib.Path(sys.argv[1]))) as synapse:
        print(synapse.port, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
async def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    async with asyncio.timeout(60):
        port = int(await parent.stdout.readline())
        assert await answers(port)
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        # The lock lasts as long as the orphan: when we have it, Synapse is gone.
        while True:
            try:
                async with EmbeddedSynapse.start(SynapseOptions(tmp_path, port=port)) as synapse:
                    assert await answers(synapse.port)
                    return
            except (DataFolderBusy, PortTaken):
                await asyncio.sleep(0.05)
