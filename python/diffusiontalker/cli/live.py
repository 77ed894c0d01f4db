"""`diffusiontalker live`: a microphone, a pipe or a file in, frames to receivers at their time."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from diffusiontalker.api.dials import Dials
from diffusiontalker.cli import arguments, targets
from diffusiontalker.cli.console import Console, plain
from diffusiontalker.errors import InputError, UnsupportedError
from diffusiontalker.extras import install_command
from diffusiontalker.io.sound.pcm import ENCODINGS, RawFormat
from diffusiontalker.io.sound.reading import Sound


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "live",
        help="drive a face live from a microphone, a pipe or a file",
        description="Gives each frame to the receivers when its sound has been spoken, as late as the profile needs.",
        examples="""diffusiontalker live --to vmc
        diffusiontalker live --to live-link://192.168.0.5?subject=Hero --profile low-latency --echo
        diffusiontalker live speech.wav --to vtube-studio --to -
        tts "hello" | diffusiontalker live - --raw s16le --rate 24000 --to ws://127.0.0.1:9000/face""",
        names=arguments.built_in_names,
    )
    parser.add_argument(
        "input",
        nargs="?",
        metavar="IN",
        help="sound file, or - for samples on standard input (default: the microphone)",
    )
    parser.add_argument(
        "--listen", type=arguments.whole_number(0, 65535), metavar="PORT",
        help="take samples by WebSocket on this port of this machine, one program at a time; 0 takes a free one",
    )  # fmt: skip
    parser.add_argument(
        "--to", action="append", metavar="RECEIVER",
        help="live-link, vmc, vtube-studio, ifacialmocap, each with ://HOST:PORT where it is not this machine; "
        "ws://ADDRESS; or - for lines of JSON; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--delay-ms", type=arguments.decimal(0, 10_000), metavar="MS",
        help="from a sound to its frame (default: the latency of the profile and 50)",
    )  # fmt: skip
    group = parser.add_argument_group("sound devices")
    group.add_argument("--devices", action="store_true", help="list the sound devices and end")
    group.add_argument("--input-device", metavar="N|NAME", help="microphone (default: the system's)")
    group.add_argument("--echo", action="store_true", help="play the sound as late as the face")
    group.add_argument("--output-device", metavar="N|NAME", help="where --echo plays (default: the system's)")
    arguments.add_sound(parser)
    arguments.add_talking(parser)
    parser.add_argument("--dials", metavar="FILE", help="JSON file of dials, or an earlier output with its dials")
    arguments.add_model(parser)
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    if args.devices:
        return list_devices(args, console)
    check(args)
    from diffusiontalker.live.show import Show
    from diffusiontalker.senders import open_sender

    with contextlib.ExitStack() as closing:
        source, rate_hz = open_source(args, console, closing)
        model, stream = open_stream(args, console)
        fps = Fraction(model.fps_num, model.fps_den)
        senders = []
        for address in args.to:
            senders.append(open_sender(address, fps, model.has_head_pose, console.notice))
            closing.callback(senders[-1].close)
        show = Show(stream, source, senders, args.delay_ms)
        if args.echo:
            from diffusiontalker.live.echo import Echo

            show.echo = Echo(sound_module(), device(args.output_device), rate_hz, show.delay_s)
            closing.callback(show.echo.close)
        names = ", ".join(sender.name for sender in senders)
        console.notice(f"to {names}, {1000 * show.delay_s:.0f} ms behind the sound; Ctrl-C ends")
        play(args, console, show)
    return 0


def check(args) -> None:
    """Raises UsageError: options that do not go together."""
    if not args.to:
        raise arguments.UsageError("no receiver is named: --to vmc, --to live-link ... or --to - for standard output")
    if args.to.count("-") > 1 or (args.json and "-" in args.to):
        raise arguments.UsageError("standard output takes one thing only: --to - once, and without --json")
    if args.listen is not None and args.input is not None:
        raise arguments.UsageError("the sound comes from IN or from --listen: leave one away")
    if args.listen is not None and (args.raw is None or args.channel):
        raise arguments.UsageError("samples by WebSocket need their form: --raw s16le --rate HZ, and no --channel")
    if args.input is None and args.listen is None and (args.raw or args.channel):
        raise arguments.UsageError("--raw and --channel are for files and pipes: the microphone has one channel")
    if args.input == "-" and args.raw is None:
        raise arguments.UsageError("samples on standard input need their form: --raw s16le --rate HZ")
    if args.raw is not None and (args.raw not in ENCODINGS or args.rate is None):
        raise arguments.UsageError(f"--raw takes one of {' '.join(ENCODINGS)}, and --rate HZ beside it")
    if args.input not in (None, "-"):
        targets.check_input(args.input, "live")


def open_source(args, console: Console, closing: contextlib.ExitStack) -> tuple[Any, int]:
    """(source, its rate in Hz for --echo)"""
    from diffusiontalker.live import sources

    if args.listen is not None:
        with needed_for_sockets():
            listening = sources.SocketSource("127.0.0.1", args.listen, raw_form(args))
        closing.callback(listening.stop)
        console.notice(f"samples on ws://127.0.0.1:{listening.port}")
        return listening, args.rate
    if args.input is None:
        microphone = sources.Microphone(sound_module(), device(args.input_device), args.rate)
        console.notice(f"microphone: {microphone.name}, {microphone.rate_hz} Hz")
        return microphone, microphone.rate_hz
    form = None if args.raw is None else raw_form(args)
    if args.input == "-":
        assert form is not None
        return sources.pipe_source(sys.stdin.buffer, form), form.rate_hz
    sound = closing.enter_context(Sound(args.input, raw=form, channel=args.channel, warn=console.warning, quiet=True))
    blocks = sound.blocks()
    first = next(blocks, None)
    if first is None:
        raise InputError(f"{args.input} holds no samples: there is nothing to show")

    def all_blocks():
        yield first
        yield from blocks

    return sources.PacedSource(all_blocks()), first[1]


def raw_form(args) -> RawFormat:
    return RawFormat(args.raw, args.rate, args.raw_channels or 1)


@contextlib.contextmanager
def needed_for_sockets() -> Iterator[None]:
    try:
        yield
    except ImportError as e:
        raise UnsupportedError(f"--listen needs {e.name}: {install_command('live')}") from e


def open_stream(args, console: Console) -> tuple[Any, Any]:
    """(model, stream)"""
    from diffusiontalker.cli.sources import load_model
    from diffusiontalker.spec import bundles

    known = bundles.read_description(bundles.resolve(args.bundle)).get("profiles", {})
    profile = args.profile or ("live" if "live" in known else None)
    model = load_model(args, console, profiles=None if profile is None else [profile])
    stream = model.stream(
        identity=args.identity, emotion=args.emotion, emotion_strength=args.emotion_strength, seed=args.seed or 0,
        profile=profile, head_amount=args.head_amount, max_buffered_ms=10_000,
        dials=None if args.dials is None else Dials.read(args.dials),
        silence_gate=int(args.input is None and args.listen is None),  # a room is never silent
    )  # fmt: skip
    return model, stream


def play(args, console: Console, show) -> None:
    """Runs the show with its meter, and says at the end how it was. Raises InputError when the sound failed."""
    from diffusiontalker.live.meter import Meter, line

    meter = Meter(not args.quiet)
    try:
        show.run(lambda: meter.show(plain(line(show))))
    finally:
        meter.clear()
        if args.json:
            console.json(document(args, show))
        lost = sum(sender.n_lost for sender in show.senders)
        console.notice(f"{show.n_frames} frames, {show.n_missed} missed, {lost} lost on the way")
    error = show.error or show.source.error
    if error:
        raise InputError(error)
    if any(sender.is_gone for sender in show.senders) and "-" in args.to:
        raise BrokenPipeError


def document(args, show) -> dict:
    """Of --json. Keys are stable; new ones may be added."""
    return {
        "schema": "diffusiontalker.live/1",
        "input": args.input,
        "delay_ms": 1000 * show.delay_s,
        "n_frames": show.n_frames,
        "n_missed": show.n_missed,
        "drift_ms": show.clock.drift_ms,
        "dropped_s": show.dropped_s,
        "receivers": [{"name": s.name, "n_sent": s.n_sent, "n_lost": s.n_lost, "state": s.state} for s in show.senders],
    }


def sound_module() -> Any:
    """sounddevice. Raises UnsupportedError: it, or the PortAudio library below it, is missing."""
    try:
        import sounddevice
    except ImportError as e:
        raise UnsupportedError(f"sound devices need sounddevice: {install_command('live')}") from e
    except OSError as e:
        raise UnsupportedError("sound devices need the PortAudio library, as of `apt install libportaudio2`") from e
    return sounddevice


def device(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdigit() else text


def list_devices(args, console: Console) -> int:
    module = sound_module()
    found = [
        {"number": i, "name": d["name"], "inputs": d["max_input_channels"], "outputs": d["max_output_channels"],
         "rate_hz": int(d["default_samplerate"])}
        for i, d in enumerate(module.query_devices())
    ]  # fmt: skip
    if args.json:
        console.json({"schema": "diffusiontalker.devices/1", "devices": found})
    elif found:
        console.table([[str(v) for v in d.values()] for d in found], ["number", "name", "inputs", "outputs", "Hz"])
    else:
        console.notice("this machine has no sound devices")
    return 0
