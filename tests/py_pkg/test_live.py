"""A live face: the clock of the sound, sources in real time, frames at their time, devices, the command."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import threading
import time
import types

import numpy as np
import pytest
from cli_support import tone

import diffusiontalker as dt
from diffusiontalker.cli.main import main
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io.sound.pcm import RawFormat
from diffusiontalker.live import meter
from diffusiontalker.live.clock import SoundClock
from diffusiontalker.live.echo import Echo
from diffusiontalker.live.show import Show
from diffusiontalker.live.sources import STALL_S, Microphone, PacedSource, Source, pipe_source
from diffusiontalker.senders.base import Sender

RATE = 16000


class Now:
    def __init__(self):
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_the_clock_goes_on_between_blocks_and_leaves_jitter_out():
    now = Now()
    clock = SoundClock(now)
    assert clock() < 0
    rng = np.random.default_rng(0)
    for k in range(1, 500):
        now.s = 100 + 0.02 * k + rng.uniform(0, 0.01)  # late by up to 10 ms
        clock.advance(0.02 * k)
        if k > 50:
            assert abs(clock() - (now.s - 100)) < 0.012
    before = clock()
    now.s += 0.5
    assert clock() == pytest.approx(before + 0.5)


@pytest.mark.parametrize("ppm", [-300, 300])
def test_the_clock_follows_a_device_that_is_not_as_fast_as_the_machine(ppm):
    now = Now()
    clock = SoundClock(now)
    for k in range(1, 30_000):  # ten minutes
        now.s = 100 + 0.02 * k * (1 + ppm / 1e6)
        clock.advance(0.02 * k)
    assert abs(clock() - 0.02 * k) < 0.005
    assert clock.drift_ms == pytest.approx(600 * ppm / 1e3, abs=5)


def test_a_sound_that_stands_still_takes_the_clock_with_it():
    now = Now()
    clock = SoundClock(now)
    for k in range(1, 100):
        now.s += 0.02
        clock.advance(0.02 * k)
    now.s += 3
    clock.advance(0.02 * 100)
    assert clock() == pytest.approx(2.0) and abs(clock.drift_ms) < 1


class Collector(Sender):
    """Notes when each frame came."""

    def __init__(self):
        super().__init__("collector")
        self.frames, self.at, self.gone = [], [], False

    @property
    def is_gone(self) -> bool:
        return self.gone

    def send(self, frame) -> None:
        self.frames.append(frame)
        self.at.append(time.monotonic())
        self.n_sent += 1


def live_stream(model, **options):
    return model.stream(profile="live" if "live" in model.profiles else None, **options)


def blocks_of(samples, n=1600):
    return iter([(samples[i : i + n], RATE) for i in range(0, len(samples), n)])


@pytest.mark.slow
def test_frames_are_those_of_animate_and_leave_at_their_time(model):
    voice, sender = tone(1, RATE), Collector()
    show = Show(live_stream(model), PacedSource(blocks_of(voice)), [sender])
    ticks, began = [], time.monotonic()
    show.run(lambda: ticks.append(meter.line(show)), tick_s=0.05)
    wanted = live_stream(model)
    wanted.push(voice, RATE)
    wanted.flush()
    assert np.array_equal([f.weights for f in sender.frames], [f.weights for f in wanted.pull()])
    assert [f.index for f in sender.frames] == list(range(30))
    # No frame leaves before its time behind the first sound. How much later is the machine's business.
    late = np.array(sender.at) - began - show.delay_s - np.arange(30) / 30
    assert late.min() > -0.03
    assert show.n_frames == 30 and show.error is None and show.latency_ms >= 1000 * show.delay_s
    assert len(ticks) > 3 and "collector: " in ticks[-1] and "frames" in ticks[-1]


@pytest.mark.slow
def test_a_delay_of_ones_own_is_kept(model):
    sender = Collector()
    began = time.monotonic()
    show = Show(live_stream(model), PacedSource(blocks_of(tone(0.3, RATE))), [sender], delay_ms=700)
    show.run()
    assert sender.at[0] - began > 0.65 and show.delay_s == 0.7


@pytest.mark.slow
def test_it_ends_when_nobody_takes_frames_any_more(model):
    sender = Collector()
    show = Show(live_stream(model), PacedSource(blocks_of(tone(60, RATE))), [sender])
    show.run(lambda: setattr(sender, "gone", True), tick_s=0.5)
    assert show.n_frames < 60


def test_sound_that_cannot_be_used_ends_it_with_a_sentence(model):
    bad = np.array([0.1, np.nan], np.float32)
    show = Show(live_stream(model), PacedSource(iter([(bad, RATE)])), [Collector()])
    show.run()
    assert "finite" in show.error or "NaN" in show.error


def test_a_source_that_fails_ends_it_with_its_sentence(model):
    def broken():
        yield tone(0.2, RATE), RATE
        raise InputError("the cable was pulled")

    show = Show(live_stream(model), PacedSource(broken()), [Collector()])
    show.run()
    assert show.source.error == "the cable was pulled" and show.n_frames == 6


def test_a_pipe_is_read_as_it_comes_in_whole_samples():
    samples = (tone(0.5, RATE) * 32767).astype("<i2")
    taken = []
    reader, writer = os.pipe()

    def write():
        data = samples.tobytes()
        with os.fdopen(writer, "wb", buffering=0) as file:
            for start in range(0, len(data), 333):  # inside of samples too
                file.write(data[start : start + 333])

    thread = threading.Thread(target=write)
    thread.start()
    began = time.monotonic()
    with os.fdopen(reader, "rb") as file:
        source = pipe_source(file, RawFormat("s16le", RATE))
        source.start(lambda block, rate: taken.append((block, rate)))
        assert source.over.wait(20)
    thread.join()
    assert time.monotonic() - began > 0.4  # in real time
    assert np.array_equal(np.concatenate([block for block, _ in taken]), samples.astype(np.float32) / 32768)
    assert {rate for _, rate in taken} == {RATE}


@pytest.mark.slow
def test_a_pipe_that_stands_still_goes_on_in_real_time_and_one_that_is_a_little_late_catches_up():
    block = tone(0.2, RATE)

    def blocks():
        yield block, RATE
        time.sleep(0.6)  # a stall
        yield block, RATE
        time.sleep(0.3)  # 0.1 s late
        yield block, RATE

    source, at = PacedSource(blocks()), []
    source.start(lambda piece, _rate: at.append((time.monotonic(), len(piece) / RATE)))
    assert source.over.wait(20)
    times, lengths = np.array(at).T
    spoken = np.cumsum(lengths)
    # Behind the stall no piece is given before its time, counted from the first one after it.
    n = int(np.searchsorted(spoken, 0.2 + 1e-6)) + 1
    assert np.all(times[n:] - times[n - 1] >= spoken[n:] - spoken[n - 1] - STALL_S - 0.02)
    assert times[n - 1] - times[0] > 0.55


class Devices(types.ModuleType):
    """Stands in for sounddevice: a microphone and a loudspeaker whose callbacks the test calls."""

    class PortAudioError(Exception):
        pass

    def __init__(self, refuses: bool = False):
        super().__init__("sounddevice")
        self.refuses, self.streams = refuses, []

    def query_devices(self, device=None, kind=None):
        one = {"name": "Desk", "max_input_channels": 1, "max_output_channels": 2, "default_samplerate": 44100.0}
        if kind is None:
            return [one]
        if self.refuses:
            raise self.PortAudioError("Error querying device 7")
        return one

    def InputStream(self, **options):
        return self._stream(options)

    OutputStream = InputStream

    def _stream(self, options):
        if self.refuses:
            raise self.PortAudioError("Invalid device [PaErrorCode -9996]")
        stream = types.SimpleNamespace(**{**options, "latency": 0.05}, start=lambda: None, close=lambda: None)
        self.streams.append(stream)
        return stream


def test_a_microphone_gives_its_blocks_at_the_devices_rate():
    devices, taken = Devices(), []
    microphone = Microphone(devices, None, None)
    assert microphone.rate_hz == 44100 and devices.streams[0].blocksize == 882
    microphone.start(lambda block, rate: taken.append((block, rate)))
    data = np.ones((882, 1), np.float32)
    overflow = types.SimpleNamespace(input_overflow=True)
    devices.streams[0].callback(data, 882, None, None)
    devices.streams[0].callback(data, 882, None, overflow)
    data[:] = 0  # the device writes its buffer again
    assert [(block.shape, rate, block.min()) for block, rate in taken] == [((882,), 44100, 1.0)] * 2
    assert microphone.n_overflows == 1 and not microphone.over.is_set()
    microphone.stop()
    assert microphone.over.is_set()


def test_devices_that_cannot_be_opened_get_one_sentence():
    with pytest.raises(InputError, match="the microphone cannot be opened: Error querying device 7; `live --devices`"):
        Microphone(Devices(refuses=True), 7, None)
    with pytest.raises(OutputError, match="the sound output cannot be opened: Invalid device"):
        Echo(Devices(refuses=True), None, RATE, 0.3)


def test_the_echo_is_as_late_as_the_face():
    devices = Devices()
    echo = Echo(devices, None, RATE, 0.35)
    echo.start()
    voice, parts = tone(0.4, RATE), []
    for start in range(0, 2 * len(voice), 320):  # it comes as it is played
        echo.add(voice[start : start + 320])
        out = np.full((320, 1), 9.0, np.float32)
        devices.streams[0].callback(out, 320, None, None)
        parts.append(out[:, 0])
    n, out = round((0.35 - 0.05) * RATE), np.concatenate(parts)  # the device's own 50 ms are part of the delay
    assert not out[:n].any() and np.array_equal(out[n : n + len(voice)], voice) and not out[n + len(voice) :].any()
    assert echo.n_gaps == 5  # nothing came any more
    for _ in range(100):
        echo.add(voice)
    assert echo.n_dropped > 90 and echo._n_waiting < RATE  # and what piles up is bounded
    echo.close()


def test_the_meter_shows_level_and_receivers(model):
    class Silent(Source):
        def start(self, take):
            take(np.zeros(320, np.float32), RATE)
            self.over.set()

    show = Show(live_stream(model), Silent(), [Collector()])
    show.run()
    assert "silent" in meter.line(show) and "[............]" in meter.line(show)
    show._measure(np.full(320, 0.5, np.float32))
    assert "-6 dBFS" in meter.line(show) and "[###########.]" in meter.line(show)


@pytest.fixture
def command(place, capsysbinary, monkeypatch):
    """Runs `live` in this process with the tiny bundle. Gives (exit code, stdout, stderr)."""

    def run(*args, stdin: bytes = b""):
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(stdin)))
        code = main(["live", *map(str, args), "--bundle", str(place.bundle), "--backend", "reference"])
        out, err = capsysbinary.readouterr()
        return code, out, err.decode()

    return run


@pytest.mark.slow
def test_a_file_goes_to_two_receivers(command, place):
    pytest.importorskip("websockets")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        to = f"live-link://127.0.0.1:{receiver.getsockname()[1]}?subject=Hero"
        code, out, err = command(place.wav(seconds=0.5), "--to", "-", "--to", to, "--seed", "3")
        packets = [receiver.recv(1000) for _ in range(15)]
    assert code == 0 and "15 frames, " in err and ", 0 lost" in err
    head, *rows = [json.loads(line) for line in out.splitlines()]
    assert head["fps"] == 30 and [row["frame"] for row in rows] == list(range(15))
    model = dt.load(place.bundle, backend="reference")
    wanted = model.animate(str(place.wav(seconds=0.5)), seed=3, profile="live" if "live" in model.profiles else None)
    assert np.abs(np.array([row["weights"] for row in rows]) - wanted.weights).max() < 1e-4
    assert all(b"Hero" in packet for packet in packets)


@pytest.mark.slow
def test_dials_come_from_a_file(command, place):
    dials = place.folder / "dials.json"
    dials.write_text('{"channel_gain": {"jawOpen": 0.0}}')
    code, out, _ = command(place.wav(seconds=0.3), "--to", "-", "--dials", dials)
    head, *rows = [json.loads(line) for line in out.splitlines()]
    jaw = head["channels"].index("jawOpen")
    assert code == 0 and len(rows) == 9 and not any(row["weights"][jaw] for row in rows[:4])
    code, _, err = command(place.wav(seconds=0.3), "--to", "-", "--dials", place.folder / "none.json")
    assert code == 3 and "none.json" in err


@pytest.mark.slow
def test_samples_on_standard_input_are_taken_in_their_form(command):
    data = (tone(0.3, 24000) * 32767).astype("<i2").tobytes()
    code, out, _ = command("-", "--raw", "s16le", "--rate", "24000", "--to", "vmc", "--json", stdin=data)
    document = json.loads(out)
    assert code == 0 and document["schema"] == "diffusiontalker.live/1"
    assert document["n_frames"] == 9 and document["receivers"][0]["name"] == "vmc 127.0.0.1:39539"


@pytest.mark.slow
def test_the_microphone_is_the_source_when_none_is_named(command, monkeypatch):
    devices = Devices()
    monkeypatch.setitem(sys.modules, "sounddevice", devices)

    def speak():
        for _ in range(1000):
            if len(devices.streams) == 2:
                break
            time.sleep(0.01)
        microphone = devices.streams[0]
        for _ in range(30):
            with contextlib.suppress(AttributeError):
                microphone.callback(np.full((320, 1), 0.1, np.float32), 320, None, None)
            time.sleep(0.02)
        microphone.finished_callback()

    thread = threading.Thread(target=speak)
    thread.start()
    code, _, err = command("--to", "vmc", "--echo", "--rate", "16000")
    thread.join()
    assert code == 0 and "microphone: Desk, 16000 Hz" in err
    assert devices.streams[1].samplerate == 16000


def test_devices_are_listed(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", Devices())
    code, out, _ = command("--devices")
    assert code == 0 and b"Desk" in out and b"44100" in out
    code, out, _ = command("--devices", "--json")
    assert json.loads(out)["devices"][0]["number"] == 0
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    code, _, err = command("--devices")
    assert code == 3 and "sound devices need sounddevice: pip install" in err


@pytest.mark.parametrize(("args", "says"), [
    (("x.wav",), "no receiver is named"), (("x.wav", "--to", "vmc"), "x.wav does not exist"),
    (("-", "--to", "vmc"), "need their form"), (("--to", "-", "--to", "-"), "one thing only"),
    (("--to", "-", "--json"), "one thing only"), (("--raw", "s16le", "--to", "vmc"), "the microphone has one channel"),
    (("-", "--raw", "mp3", "--rate", "8000", "--to", "vmc"), "--raw takes one of"),
])  # fmt: skip
def test_options_that_do_not_go_together_get_one_sentence(command, args, says):
    code, out, err = command(*args)
    assert code in (2, 3) and out == b"" and says in err and err.count("error: ") == 1
