"""`diffusiontalker convert`: animation files in, files of other formats or frame rates out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diffusiontalker.api.convert import fitted
from diffusiontalker.api.edits import Edits
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.api.saved import animation_of
from diffusiontalker.cli import animate, arguments, batch, dial_options, inputs, own_head, targets
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import InputError
from diffusiontalker.io import ANIMATION_SUFFIXES, READABLE, STDOUT_FORMATS, format_of, read_motion, save_animation
from diffusiontalker.io.sound.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "convert",
        help="turn animation files into other formats or another frame rate",
        description="Reads animation files and writes them in other formats, at another frame rate or corrected if you "
        "say so.",
        examples="""diffusiontalker convert MySlate_1_iPhone_cal.csv -o take.glb
        diffusiontalker convert take.npz -o take.a2f.json -o take.vrma --fps 24
        diffusiontalker convert takes --recursive --out-dir unreal -o .csv --fps 60
        diffusiontalker convert cues.tsv -o - --format json""",
    )
    parser.add_argument(
        "input", metavar="IN", help=f"animation files ({' '.join(READABLE)}), or the folder of a Live Link Face take"
    )
    arguments.add_outputs(
        parser,
        f"{' '.join(ANIMATION_SUFFIXES)}, such an ending alone, or -; repeatable (default: IN's name as .glb here)",
    )
    parser.add_argument("--format", choices=STDOUT_FORMATS, metavar="NAME", help="format of -o - (default: json)")
    arguments.add_fps(parser)
    parser.add_argument("--timecode", metavar="HH:MM:SS:FF", help="timecode of the first frame of a .csv")
    dial_options.add_edits(parser)
    arguments.add_head(parser, own=True)
    parser.add_argument("-f", "--force", action="store_true", help="overwrite outputs that exist")
    arguments.add_common(parser)
    parser.set_defaults(vertices=False)
    return parser


def run(args, console: Console) -> int:
    kind = inputs.Kind(READABLE, animate.saved_endings(), "animation files", takes=True)
    items = inputs.several(args, kind)
    if items is not None:
        args.output = [name for item in items for name in item.outputs]
        return batch.run(items, Converting(args), args, console)
    args.output = targets.outputs(args, animate.saved_endings(), ".glb")
    animate.check_stdout(args, "-" in args.output)
    if args.input == "-":
        raise arguments.UsageError("convert reads files only: name an animation file")
    batch.tell(Converting(args).one(args, console), args, console)
    return 0


class Converting:
    """The work of the command."""

    def __init__(self, args):
        """args.output: of all inputs.   Raises UsageError, and as own_head.take() and Edits.read()."""
        formats = [f for f in map(format_of, args.output) if f is not None]
        if args.timecode is not None and not any(f.holds_timecode for f in formats):
            raise arguments.UsageError("--timecode is for files that have one: name a .csv as output")
        self._edits = None if args.edits is None else Edits.read(args.edits)
        self._own = own_head.take(args)

    def prepare(self, args, console: Console) -> None:
        """Nothing is shared but the character."""

    def one(self, args, console: Console) -> batch.Done:
        names, source, moved = [name for name in args.output if name != "-"], Path(args.input), None
        with OutputSet(names, args.force) as outputs:
            targets.check_input(args.input, "convert")
            check_not_sound(args)
            animate.check_not_input(outputs, source)
            motion, read_as = read_motion(source)
            animation = replace(animation_of(motion), head=args.head)
            check_spaces(animation.space, args, source)
            if self._edits is not None:
                animation = animation.edited(self._edits)
            notes = [*motion.notes]
            for target in outputs.staged:
                wanted = format_of(target.name)
                assert wanted is not None  # by targets.outputs()
                with outputs.naming(target) as staged:
                    prepared, losses = fitted(animation, wanted, args.fps)
                    if self._own is not None and target.suffix.lower() == ".glb":
                        moved = own_head.write(self._own, prepared, staged)
                    else:
                        save_animation(prepared, staged, force=True, name=target.name, timecode=args.timecode)
                notes += losses
            if "-" in args.output:
                notes += to_stdout(animation, args)
            outputs.commit()
        return closing(args, animation, read_as.name, names, list(dict.fromkeys(notes)), moved)


def to_stdout(animation, args) -> list[str]:
    """Writes -o -. Returns what its format does not hold."""
    name = args.format or "json"
    wanted = format_of(f".{name}")
    assert wanted is not None  # by the choices of --format
    prepared, losses = fitted(animation, wanted, args.fps)
    animate.write_to_stdout(prepared, name, False)
    return losses


def check_not_sound(args) -> None:
    """Raises InputError that names the command for a recording."""
    if args.input.lower().endswith((*SOUND_SUFFIXES, *VIDEO_SUFFIXES)):
        raise InputError(
            f"{args.input} is sound, not an animation: `diffusiontalker animate {args.input} -o {args.output[0]}` "
            "animates it"
        )


def check_spaces(space: str, args, source: Path) -> None:
    """Raises InputError when an output cannot hold the motion."""
    try:
        animate.check_space(space, args)
    except InputError as e:
        raise InputError(f"{source}: {e}") from e


def closing(args, animation, read_as: str, names: list[str], notes: list[str], moved=None) -> batch.Done:
    """What is told of one file. Keys of the document are stable; new ones may be added."""
    document = {
        "schema": "diffusiontalker.convert/1",
        "input": args.input,
        "format": read_as,
        "outputs": names,
        "n_frames": animation.n_frames,
        "fps_num": animation.fps_num,
        "fps_den": animation.fps_den,
        "duration_s": animation.duration_s,
        "space": animation.space,
        "notes": notes,
    }
    details = [f"note: {note}" for note in notes]
    if moved is not None:
        document["head"] = own_head.document(moved)
        details += own_head.lines(moved)
    told = f"read {animation.n_frames} frames at {animation.fps:g} a second ({read_as})"
    return batch.Done(document, told, details, names)
