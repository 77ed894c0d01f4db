"""`diffusiontalker serve` as a process: what it announces, its token, its end by a signal, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("uvicorn")
from cli_support import COMMAND, tone
from serve_support import Client, frames_of, s16
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from diffusiontalker.cli.main import main

RATE = 16000


@pytest.fixture
def start(place):
    """Starts the command and gives (process, document of --json)."""
    running = []

    def begin(*args, command="serve", **variables):
        process = subprocess.Popen(
            [*COMMAND, command, "--bundle", str(place.bundle), "--backend", "reference", "--port", "0", "--json",
             *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**place.environment(), **variables}, text=True,
        )  # fmt: skip
        running.append(process)
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return process, json.loads(line)

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.slow
def test_it_serves_with_a_token_of_its_own_until_sigterm(start):
    process, told = start("--max-streams", "3")
    assert told["schema"] == "diffusiontalker.serve/1" and told["max_streams"] == 3
    assert told["url"] == f"ws://127.0.0.1:{told['port']}/v1/stream" and len(told["token"]) >= 40
    with pytest.raises(InvalidStatus):
        connect(told["url"])
    headers = {"Authorization": f"Bearer {told['token']}"}
    with Client(connect(told["url"], additional_headers=headers)) as client:
        client.send(s16(tone(1, RATE)))
        client.get("response.animation_blendshapes.delta")
        process.send_signal(signal.SIGTERM)
        client.send({"type": "flush"})
        assert client.response()[-1]["n_frames"] == 30
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
        assert closed.value.rcvd.code == 1012
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == ""
    assert told["token"] in err and "Traceback" not in err
    assert "handshake" not in err  # strangers do not write into the log
    assert err.splitlines()[-1] == "ended"


@pytest.mark.slow
def test_the_studio_is_the_server_with_a_page_whose_address_holds_the_token(start):
    process, told = start("--max-streams", "3", "--no-browser", command="studio")
    page, _, token = told["url"].partition("#token=")
    assert told["schema"] == "diffusiontalker.studio/1" and page == f"http://127.0.0.1:{told['port']}/studio/"
    with urllib.request.urlopen(page, timeout=30) as answer:
        assert b"<title>DiffusionTalker studio</title>" in answer.read()
    request = urllib.request.Request(f"{page}api/about", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.loads(answer.read())["identities"] == ["ada", "ben"]
    with Client(connect(f"ws://127.0.0.1:{told['port']}/v1/stream?token={token}")) as client:
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        assert len(frames_of(client.response())) == 30
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and told["url"] in err and "Traceback" not in err


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(start):
    process, told = start(DIFFUSIONTALKER_TOKEN="0123456789abcdefgh")
    assert told["token"] is None  # it is yours: not told
    with Client(connect(told["url"] + "?token=0123456789abcdefgh")) as client:
        client.send(s16(tone(1, RATE)))
        client.get("response.animation_blendshapes.delta")
        process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and "0123456789abcdefgh" not in err


@pytest.mark.slow
def test_the_number_of_streams_is_measured(start):
    process, told = start("--no-token")
    assert told["max_streams"] >= 1 and told["token"] is None
    with Client(connect(told["url"])) as client:
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        assert len(frames_of(client.response())) == 30
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture
def refused(place, capsys, monkeypatch):
    """Runs the command in this process and expects an exit code. Returns its one line of error."""
    monkeypatch.delenv("DIFFUSIONTALKER_TOKEN", raising=False)

    def run(*args, code=2) -> str:
        assert main(["serve", "--bundle", str(place.bundle), "--backend", "reference", *args]) == code
        out, err = capsys.readouterr()
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert out == "" and len(errors) == 1 and "Traceback" not in err
        return errors[0]

    return run


def test_what_cannot_be_is_refused_with_a_sentence(refused, tmp_path, monkeypatch):
    file = tmp_path / "token"
    assert "reached from others" in refused("--no-token", "--host", "0.0.0.0")
    assert "exclude each other" in refused("--no-token", "--token-file", str(file))
    file.write_text("short")
    assert "16 or more" in refused("--token-file", str(file))
    file.write_bytes(b"\xff\xfe\xfd")
    assert "holds no text" in refused("--token-file", str(file))
    assert refused("--token-file", str(tmp_path / "none"), code=71)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port} cannot be listened on" in refused("--no-token", "--port", port, code=6)
    assert "cannot be listened on" in refused("--host", "no.such.host.invalid", code=6)
    monkeypatch.setenv("DIFFUSIONTALKER_TOKEN", "with space in between")
    assert "DIFFUSIONTALKER_TOKEN is no token" in refused()


@pytest.mark.slow
@pytest.mark.parametrize("package", ["uvicorn", "starlette"])
def test_without_its_packages_it_says_what_to_install(place, package, tmp_path):
    (tmp_path / f"{package}.py").write_text(f"raise ImportError('not here', name='{package}')\n")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [*COMMAND, "serve", "--no-token", "--port", "0"], capture_output=True, text=True, timeout=60,
        env={**place.environment(), "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: `serve` needs {package}, which is not installed: pip install")


@pytest.mark.slow
def test_other_commands_do_not_import_its_packages():
    code = "import sys; from diffusiontalker.cli.main import build_parser; build_parser(); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("starlette", "uvicorn", "websockets") if f"'{name}'" in out]
