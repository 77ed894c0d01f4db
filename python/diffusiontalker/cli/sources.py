"""Input side of the commands: standard input as a file, and animating with a progress bar."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.model import Model, load
from diffusiontalker.api.moods import named_moods
from diffusiontalker.api.stream import Stream
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.engine_bar import EngineBar
from diffusiontalker.errors import InputError
from diffusiontalker.io.temporary import spool_prefix
from diffusiontalker.names import chosen


@dataclass(frozen=True)
class Animated:
    """An animation with what it took to make it."""

    animation: Animation
    model: Model
    load_s: float
    compute_s: float
    seed: int


@contextlib.contextmanager
def audio_file(name: str) -> Iterator[Path]:
    """The path of an input; "-" copies standard input to a temporary file, which is removed afterwards."""
    if name != "-":
        yield Path(name)
        return
    if sys.stdin.isatty():
        raise InputError("standard input is a terminal: pipe a sound file into the command, or name one")
    with tempfile.NamedTemporaryFile(prefix=spool_prefix()) as spool:
        try:
            shutil.copyfileobj(sys.stdin.buffer, spool)
            spool.flush()
        except OSError as e:
            raise InputError(f"standard input cannot be copied to {tempfile.gettempdir()}: {e.strerror}") from e
        try:
            yield Path(spool.name)
        except InputError as e:
            raise InputError(str(e).replace(spool.name, "standard input")) from e


def animate(args, path: Path, console: Console, check: Callable[[str], None]) -> Animated:
    """Opens the model and animates a sound file with the command line's options.
    check: called with the model's motion space before the work; raises when the outputs cannot hold it.
    """
    started = time.perf_counter()
    with EngineBar(console) as building:
        model = load(
            args.bundle, backend=args.backend, precision=args.precision, n_threads=args.threads, log=console.log,
            engine_folder=args.engines, device=args.device,
            build_engines=None if args.build_engines else False, engine_progress=building,
        )  # fmt: skip
    if building.seconds is not None:
        console.notice(f"engines built in {building.seconds:.0f} s: the next start finds them")
    load_s = time.perf_counter() - started
    check(model.space)
    args.identity = chosen("identity", args.identity, model.identities)
    args.emotion = named_moods(args.emotion, model.emotions)
    args.profile = chosen("profile", args.profile, tuple(model.profiles))
    seed = args.seed

    def open_stream(of_sound: int) -> Stream:
        nonlocal seed
        seed = of_sound
        return model.stream(
            identity=args.identity, emotion=args.emotion, emotion_strength=args.emotion_strength, seed=of_sound,
            profile=args.profile, head_amount=args.head_amount,
        )  # fmt: skip

    stream = open_stream if seed is None else open_stream(seed)
    started = time.perf_counter()
    with console.progress(duration_s(path), "animating") as progress:
        weights, head_pose = model.animate_into_file(stream, path, progress=progress)
    animation = replace(model.animation(weights, path, head_pose), head=args.head)
    return Animated(animation, model, load_s, time.perf_counter() - started, seed)


def duration_s(path: Path) -> float | None:
    """Seconds of sound that a file's header promises; None when it does not tell. For the progress bar only."""
    try:
        import soundfile

        return soundfile.info(str(path)).duration or None
    except Exception:
        return None  # whatever is wrong with the file is said by reading it
