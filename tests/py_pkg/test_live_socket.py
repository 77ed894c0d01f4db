"""A live face whose sound a program sends by WebSocket."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from cli_support import tone

from diffusiontalker.cli.main import main
from diffusiontalker.errors import OutputError
from diffusiontalker.io.sound.pcm import RawFormat
from diffusiontalker.live.sources import SocketSource

client = pytest.importorskip("websockets.sync.client")
RATE = 16000
FORM = RawFormat("s16le", RATE, 1)


@pytest.mark.slow
def test_a_program_speaks_by_a_socket_and_is_alone():
    """Bursts are given in real time, silence fills the gaps, and a second program or a page of elsewhere is refused."""
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    source = SocketSource("127.0.0.1", 0, FORM)
    address, got = f"ws://127.0.0.1:{source.port}", []
    source.start(lambda samples, rate: got.append((time.monotonic(), samples)))
    voice = (tone(0.4, RATE) * 32767).astype("<i2").tobytes()
    while not got:  # silence before anybody speaks
        time.sleep(0.01)
    with client.connect(address) as speaker:
        with pytest.raises(InvalidStatus):
            client.connect(address, origin="https://elsewhere.example")
        with client.connect(address) as other, pytest.raises(ConnectionClosed) as closed:
            other.recv(timeout=5)
        assert closed.value.rcvd.code == 1013
        speaker.send(voice[:4001])  # cut inside of a sample
        speaker.send(voice[4001:])
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and sum(np.abs(s).max() > 0.01 for _, s in got) < 19:
            time.sleep(0.02)
        loud = [at for at, s in got if np.abs(s).max() > 0.01]
        assert 0.3 < loud[-1] - loud[0]
        speaker.send(voice * 20)
        speaker.send(json.dumps({"type": "interrupt"}))
        time.sleep(0.3)
    source.stop()
    assert source._waiting.empty() and np.abs(got[0][1]).max() == 0
    sound = np.concatenate([s for at, s in got if loud[0] <= at <= loud[-1]])
    np.testing.assert_allclose(sound[: len(voice) // 2], tone(0.4, RATE)[: len(sound)], atol=1e-3)


def test_a_port_that_is_taken_is_told():
    source = SocketSource("127.0.0.1", 0, FORM)
    with pytest.raises(OutputError, match="name another port"):
        SocketSource("127.0.0.1", source.port, FORM)
    source.stop()


@pytest.mark.parametrize(("args", "says"), [
    (["--listen", "0"], "need their form"), (["in.wav", "--listen", "0"], "leave one away"),
    (["--listen", "0", "--raw", "s16le"], "--rate HZ"),
])  # fmt: skip
def test_options_that_do_not_go_together(args, says, capsys):
    assert main(["live", "--to", "-", *args]) == 2
    assert says in capsys.readouterr().err
