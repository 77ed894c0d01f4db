"""Ends in the middle of native work: daemon threads, Ctrl-C, SIGTERM, and exceptions of callbacks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import daemon_exits
import pytest
from cli_support import COMMAND

import diffusiontalker as dt
from diffusiontalker import _native
from diffusiontalker.api.opening import run_apart

if sys.platform == "win32":
    pytest.skip("sends signals", allow_module_level=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "names"),
    [
        ("cpu", ["load", "Stream.push", "Stream.pull", "Stream.set_dials", "Scheduler.step", "raster_draw"]),
        ("openvino", ["animate", "load"]),
    ],
)
def test_a_daemon_thread_in_a_native_call_does_not_abort_the_process(tiny_bundle, backend, names):
    """A few of them; daemon_exits.py has all, and many rounds."""
    assert daemon_exits.failures(tiny_bundle, backend, names, rounds=1) == []


def test_the_program_of_exits_has_every_native_call(tiny_bundle):
    classes = {name: value for name, value in vars(_native).items() if isinstance(value, type)}
    classes = {name: value for name, value in classes.items() if not issubclass(value, BaseException)}
    functions = {name for name, value in vars(_native).items() if callable(value) and not isinstance(value, type)}
    methods = {
        f"{name}.{method}"
        for name, value in classes.items()
        for method, what in vars(value).items()
        if callable(what) and not method.startswith("_")
    }
    wanted = {name for name in {*classes, *functions, *methods} if not name.startswith("_")}
    assert len(wanted) > 40
    assert wanted - set(daemon_exits.calls(tiny_bundle, "cpu")) == set()


class Stop(BaseException):
    """Nothing that anybody catches by accident."""


def test_an_exception_of_the_log_stops_the_load_and_reaches_the_caller(tiny_bundle):
    def log(*_record):
        raise Stop("enough")

    with pytest.raises(Stop, match="enough"):
        dt.load(tiny_bundle, log=log)
    with pytest.raises(Stop, match="enough"):  # the compiled module alone, which calls in its own thread
        _native.Model(str(tiny_bundle), backend="auto", log=log)
    assert dt.load(tiny_bundle, backend="reference").n_channels


def test_the_log_is_called_in_the_thread_that_loads(tiny_bundle):
    threads = set()
    dt.load(tiny_bundle, log=lambda *_record: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_a_signal_ends_the_wait_for_a_long_call():
    """The call stands for a load of a minute; a handler's exception comes out while it still runs."""
    over = threading.Event()
    begun = time.monotonic()

    def handler(*_args):
        raise Stop

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(Stop):
            run_apart(lambda _log: over.wait(60), print)
    finally:
        signal.signal(signal.SIGUSR1, before)
        over.set()
    assert time.monotonic() - begun < 30


def test_exceptions_and_results_of_the_call_come_out():
    assert run_apart(lambda log: (log(1, "a"), 7)[1], lambda *_record: None) == 7
    with pytest.raises(ZeroDivisionError):
        run_apart(lambda _log: 1 // 0, print)


def ended(arguments, cwd, sent, ready, **options) -> tuple[int, str]:
    """Starts a program, sends it a signal when ready(process) is true, and gives its status and standard error."""
    process = subprocess.Popen(
        arguments, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **options,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not ready(process) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        process.send_signal(sent)
        return process.wait(timeout=60), process.communicate()[1]
    finally:
        process.kill()


def has_mapped(name: str):
    """Whether a library of that name is in the process's memory."""

    def ask(process) -> bool:
        try:
            with open(f"/proc/{process.pid}/maps") as maps:
                return name in maps.read()
        except OSError:
            return False

    return ask


INT, TERM, HUP = (signal.SIGINT, "interrupted"), (signal.SIGTERM, "ended by SIGTERM"), (signal.SIGHUP, "SIGHUP")
# What is in memory while modules are imported, while the command is prepared, and in the middle of the load.
MOMENTS = [("_multiarray", INT), ("_native", HUP), ("openvino_intel_cpu", TERM), ("openvino_intel_cpu", INT)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(("library", "end"), MOMENTS)
def test_a_signal_ends_a_command_at_once(place, library, end):
    sent, says = end
    place.wav()
    backend = "openvino" if library.startswith("openvino") else "auto"  # its load takes long enough to be met
    command = [*COMMAND, "animate", "in.wav", "-o", "a.npz", "--backend", backend]
    status, text = ended(command, place.folder, sent, has_mapped(library))
    assert (status, text.count("\n")) == (128 + sent, 1), text
    assert says in text
    assert sorted(os.listdir(place.folder)) == ["in.wav"]


STUCK = """
import sys, threading, time
from pathlib import Path
from diffusiontalker.cli import entry, animate
from diffusiontalker.io import temporary
def run(args, console):
    temporary.new_file(Path("."), ".npz")
    Path("ready").touch()
    while True:  # a library that keeps the main thread, which gets no exception
        try:
            time.sleep(60)
        except BaseException:
            pass
animate.run = run
sys.exit(entry.main())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "says"), [INT, TERM])
def test_a_signal_ends_a_command_that_does_not_listen(tmp_path, sent, says):
    arguments = [sys.executable, "-c", STUCK, "animate", "in.wav"]
    status, text = ended(arguments, tmp_path, sent, lambda _process: (tmp_path / "ready").exists())
    assert (status, text.count("\n")) == (128 + sent, 1), text
    assert says in text
    assert os.listdir(tmp_path) == ["ready"]


@pytest.mark.slow
def test_a_signal_that_the_starter_ignores_stays_ignored(place):
    """As nohup does."""
    place.wav()
    arguments = [*COMMAND, "animate", "in.wav", "-o", "a.npz", "--bundle", place.bundle, "--backend", "reference"]
    process = subprocess.Popen(
        arguments, cwd=place.folder, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    assert process.returncode == 0
