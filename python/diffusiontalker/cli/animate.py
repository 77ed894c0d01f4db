"""`diffusiontalker animate`: sound files in, animation files out."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from diffusiontalker.api.dials import Dials
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.cli import arguments, batch, dial_options, inputs, own_head, sources, targets
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io.atomic import cause_of
from diffusiontalker.io.sound.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES
from diffusiontalker.io.sound.reading import Sound

PAGE = ".html"
_MEMORY_LIMIT_BYTES = 8 << 20  # of what goes to standard output; more goes to a temporary file


def add_parser(subparsers) -> arguments.Parser:
    from diffusiontalker.io import ANIMATION_SUFFIXES, STDOUT_FORMATS

    parser = subparsers.add_parser(
        "animate",
        help="animate sound files",
        description="Turns speech into 52 ARKit blendshape weights at 30 frames a second.",
        examples="""diffusiontalker animate speech.wav
        diffusiontalker animate speech.wav -o speech.glb -o speech.csv
        diffusiontalker animate speech.wav -o speech.html
        diffusiontalker animate *.wav recordings --out-dir spoken -o .glb -o .csv --skip-existing
        diffusiontalker animate speech.wav --head hero.glb -o spoken.glb
        diffusiontalker animate speech.wav speech.npz --identity NAME --seed 7 --force
        tts "hello" | diffusiontalker animate - -o - --format csv > hello.csv""",
        names=arguments.built_in_names,
    )
    parser.add_argument(
        "input", metavar="IN", help="sound files (WAV, FLAC, OGG, MP3; more with PyAV), or - for standard input"
    )
    arguments.add_outputs(
        parser,
        f"{' '.join(ANIMATION_SUFFIXES)} {PAGE}, the ending alone, or -; repeatable (default: IN's name as .glb here)",
    )
    parser.add_argument("--format", choices=STDOUT_FORMATS, metavar="NAME", help="format of -o - (default: json)")
    arguments.add_fps(parser)
    parser.add_argument("--vertices", action="store_true", help="store the vertices in .npz as well (large)")
    arguments.add_animating(parser, own_head=True)
    dial_options.add_dials(parser)
    return parser


def run(args, console: Console) -> int:
    endings = (*saved_endings(), PAGE)
    kind = inputs.Kind((*SOUND_SUFFIXES, *VIDEO_SUFFIXES), endings, "sound files")
    items = inputs.several(args, kind)
    if items is not None:
        args.output = [name for item in items for name in item.outputs]
        return batch.run(items, Animating(args), args, console)
    args.output = targets.outputs(args, endings, ".glb")
    check_stdout(args, "-" in args.output)
    batch.tell(Animating(args).one(args, console), args, console)
    return 0


class Animating:
    """The work of the command; the model is opened when it is first needed, and once for all inputs."""

    def __init__(self, args):
        """args.output: of all inputs."""
        self._own = own_head.take(args)
        self._opened: sources.Opened | None = None

    def prepare(self, args, console: Console) -> None:
        self._model(args, console)

    def _model(self, args, console: Console) -> sources.Opened:
        if self._opened is None:
            self._opened = sources.open_model(args, console, lambda space: check_space(space, args))
        return self._opened

    def one(self, args, console: Console) -> batch.Done:
        names = [name for name in args.output if name != "-"]
        with OutputSet(names, args.force) as outputs:
            targets.check_input(args.input, "animate")
            with sources.sound(args, console) as sound:
                check_not_input(outputs, sound.path)
                done = sources.animate(args, sound, console, self._model(args, console))
                if args.fps is not None:
                    done = replace(done, animation=done.animation.resampled(args.fps.numerator, args.fps.denominator))
                moved = save_all(args, done.animation, sound, outputs, self._own)
                if "-" in args.output:
                    write_to_stdout(done.animation, args.format or "json", args.vertices)
                outputs.commit()
        return closing(args, done, names, moved)


def saved_endings() -> tuple[str, ...]:
    from diffusiontalker.io import ANIMATION_SUFFIXES

    return tuple(ANIMATION_SUFFIXES)


def check_stdout(args, to_stdout: bool) -> None:
    """Standard output carries one thing only. Raises UsageError."""
    if args.output.count("-") > 1:
        raise arguments.UsageError("standard output is named twice as an output")
    if to_stdout and args.json:
        raise arguments.UsageError("-o - and --json both need standard output: leave one away")
    if args.format and not to_stdout:
        raise arguments.UsageError("--format is for -o - only: the ending of a file name decides its format")


def check_space(space: str, args) -> None:
    """Raises InputError when an output cannot hold a motion space, or nothing holds the vertices asked for."""
    from diffusiontalker.io import check_formats

    endings = [f".{args.format or 'json'}" if name == "-" else name for name in args.output]
    if space != "blendshapes" and any(name.lower().endswith(PAGE) for name in endings):
        raise InputError(f"a page shows ARKit blendshapes, and this motion is of {space}: save it as .npz or .pc2")
    check_formats(space, endings, args.vertices)


def check_not_input(outputs: OutputSet, path: Path | None) -> None:
    """Raises OutputError when an output is the input itself. path: None for an input that is no regular file."""
    for target in outputs.staged:
        if path is not None and target.exists() and path.exists() and target.samefile(path):
            raise OutputError(f"{target} is the input: name another output")


def save_all(args, animation, sound: Sound, outputs: OutputSet, own: own_head.OwnHead | None):
    """Writes every output under its hidden name, .glb and .html with the user's own character where there is one.
    Returns what moves in that character (ownhead.HeadReport)."""
    from diffusiontalker.io import save_animation

    moved = None
    for target in outputs.staged:
        with outputs.naming(target) as staged:
            if target.suffix.lower() == PAGE:
                write_page_of(args, animation, sound, staged, own)
            elif own is not None and target.suffix.lower() == ".glb":
                moved = own_head.write(own, animation, staged)
            else:
                save_animation(animation, staged, force=True, vertices=args.vertices, name=target.name)
    return moved


def write_page_of(args, animation, sound: Sound | None, path: Path, own: own_head.OwnHead | None) -> None:
    """The page of one input, with the built-in head or the user's own character."""
    from diffusiontalker.render import Take, write_page

    name = "speech" if args.input == "-" else Path(args.input).stem
    puppet = None if own is None else own_head.puppet(own, animation)
    write_page([Take(name, animation, puppet)], path, sound, force=True)


def write_to_stdout(animation, file_format: str, vertices: bool) -> None:
    """Writes the finished file to standard output, so that a failure half way leaves no half document."""
    from diffusiontalker.io import format_of

    wanted = format_of(f".{file_format}")
    assert wanted is not None
    if sys.stdout.isatty() and not wanted.is_text:
        raise OutputError(f"standard output is a terminal and {file_format} is binary: pipe it into a file")
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY_LIMIT_BYTES) as file:
        try:
            wanted.write(animation, file, **({"vertices": True} if vertices and wanted.holds_vertices else {}))
            file.seek(0)
        except OSError as e:
            raise OutputError(f"the animation cannot be kept in the temporary folder: {cause_of(e)}") from e
        try:
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as e:
            raise OutputError(f"standard output cannot be written: {cause_of(e)}") from e


def closing(args, done: sources.Animated, names: list[str], moved=None) -> batch.Done:
    """What is told of one recording."""
    anim, document, details = done.animation, summary(args, done, names), []
    if moved is not None:
        document["head"], details = own_head.document(moved), own_head.lines(moved)
    speed = anim.duration_s / done.compute_s
    told = (
        f"{anim.n_frames} frames ({anim.duration_s:.1f} s) in {done.compute_s:.1f} s, {speed:.0f}x real time, "
        f"{done.model.backend}"
    )
    return batch.Done(document, told, details, names)


def summary(args, done: sources.Animated, names: list[str]) -> dict:
    """Keys are stable; new ones may be added."""
    anim, dials = done.animation, done.animation.dials or Dials()
    return {
        "schema": f"diffusiontalker.{args.command}/1",
        "input": args.input,
        "outputs": names,
        "bundle": str(done.model.path),
        "backend": done.model.backend,
        "precision": done.model.precision,
        "identity": args.identity or done.model.info()["identities"]["default"],
        "emotion": args.emotion or done.model.default_emotion,
        "emotion_strength": dials.emotion_strength,
        "head_amount": dials.head_amount if done.model.has_head_pose else None,
        "dials": dials.as_dict(),
        "space": anim.space,
        "seed": done.seed,
        "profile": args.profile or done.model.info()["default_profile"],
        "n_frames": anim.n_frames,
        "fps_num": anim.fps_num,
        "fps_den": anim.fps_den,
        "duration_s": anim.duration_s,
        "load_s": done.load_s,
        "compute_s": done.compute_s,
        "rtf": done.compute_s / anim.duration_s,
    }
