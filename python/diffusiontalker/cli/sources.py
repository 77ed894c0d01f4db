"""Input side of the commands: the sound that is named, the model, and animating with a progress bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.dials import Dials
from diffusiontalker.api.edits import Edits
from diffusiontalker.api.model import Model, load
from diffusiontalker.api.moods import named_moods
from diffusiontalker.api.stream import Stream
from diffusiontalker.api.timeline import Timeline
from diffusiontalker.cli import dial_options
from diffusiontalker.cli.arguments import UsageError
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.engine_bar import EngineBar
from diffusiontalker.io.sound.pcm import ENCODINGS, RawFormat
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.names import chosen


@dataclass(frozen=True)
class Animated:
    """An animation with what it took to make it."""

    animation: Animation
    model: Model
    load_s: float
    compute_s: float
    seed: int


def sound(args, console: Console, name: str | None = None) -> Sound:
    """The opened input of a command, or another sound of it, with its options --channel, --raw, --rate, --raw-channels.
    Raises InputError: it cannot be opened. UsageError: options that do not go together.
    """
    raw = None
    if args.raw is not None:
        if args.raw not in ENCODINGS:
            raise UsageError(f"--raw {args.raw} names no form of samples: use one of {' '.join(ENCODINGS)}")
        if args.rate is None:
            raise UsageError("--raw needs --rate HZ: samples without a header do not tell their rate")
        raw = RawFormat(args.raw, args.rate, args.raw_channels or 1)
    elif args.rate is not None or args.raw_channels is not None:
        raise UsageError("--rate and --raw-channels are for --raw: a sound file tells its own")
    return Sound(args.input if name is None else name, raw=raw, channel=args.channel, warn=console.warning, quiet=True)


@dataclass(frozen=True)
class Opened:
    """A model that is ready, with what the options say of all inputs.   load_s: seconds that it took."""

    model: Model
    load_s: float
    dials: Dials
    timeline: Timeline | None
    edits: Edits | None


def load_model(args, console: Console, **more: Any) -> Model:
    """The model of the command line's options. more: further arguments of load()."""
    arguments = {"n_threads": args.threads} | more
    with EngineBar(console) as building:
        model = load(
            args.bundle, backend=args.backend, precision=args.precision, log=console.log,
            engine_folder=args.engines, device=args.device,
            build_engines=None if args.build_engines else False, engine_progress=building, **arguments,
        )  # fmt: skip
    if building.seconds is not None:
        console.notice(f"engines built in {building.seconds:.0f} s: the next start finds them")
    return model


def open_model(args, console: Console, check: Callable[[str], None]) -> Opened:
    """Opens the model of the command line's options; the names in args are the bundle's afterwards.
    check: called with the model's motion space; raises when the outputs cannot hold it.
    """
    # Files are judged before the model is opened, which may take seconds.
    dials = dial_options.read_dials(args)
    timeline = None if args.timeline is None else Timeline.read(args.timeline)
    edits = None if args.edits is None else Edits.read(args.edits)
    started = time.perf_counter()
    model = load_model(args, console)
    load_s = time.perf_counter() - started
    check(model.space)
    args.identity = chosen("identity", args.identity, model.identities)
    args.emotion = named_moods(dials.emotion, model.emotions)
    args.profile = chosen("profile", args.profile, tuple(model.profiles))
    return Opened(model, load_s, dials, timeline, edits)


def animate(args, sound: Sound, console: Console, opened: Opened) -> Animated:
    """Animates a sound file with the command line's options."""
    model, dials, seed = opened.model, opened.dials, args.seed

    def open_stream(of_sound: int) -> Stream:
        nonlocal seed
        seed = of_sound
        stream = model.stream(
            identity=args.identity, emotion=args.emotion, emotion_strength=dials.emotion_strength, seed=of_sound,
            profile=args.profile, head_amount=dials.head_amount, dials=dials.alone(),
        )  # fmt: skip
        if opened.timeline is not None:
            opened.timeline.apply(stream, args.identity, dials, dials.alone())
        return stream

    stream = open_stream if seed is None else open_stream(seed)
    started = time.perf_counter()
    with console.progress(sound.duration_s, "animating") as progress:
        weights, head_pose = model.animate_into_file(stream, sound, progress)
    animation = replace(model.animation(weights, sound.path, head_pose), head=args.head, dials=dials)
    if opened.edits is not None:
        animation = animation.edited(opened.edits)
    return Animated(animation, model, opened.load_s, time.perf_counter() - started, seed)
