"""`diffusiontalker convert`: an animation file in, files of other formats or frame rates out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diffusiontalker.api.convert import fitted
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.api.saved import animation_of
from diffusiontalker.cli import animate, arguments, own_head, targets
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import InputError

_SOUND = (".wav", ".flac", ".ogg", ".oga", ".mp3", ".m4a", ".aac", ".opus", ".webm", ".mp4")


def add_parser(subparsers) -> arguments.Parser:
    from diffusiontalker.io import ANIMATION_SUFFIXES, READABLE, STDOUT_FORMATS

    parser = subparsers.add_parser(
        "convert",
        help="turn an animation file into other formats or another frame rate",
        description="Reads an animation file and writes it in other formats, at another frame rate if you name one.",
        examples="""diffusiontalker convert MySlate_1_iPhone_cal.csv -o take.glb
        diffusiontalker convert take.npz -o take.a2f.json -o take.vrma --fps 24
        diffusiontalker convert cues.tsv -o - --format json""",
    )
    parser.add_argument(
        "input", metavar="IN", help=f"animation file ({' '.join(READABLE)}), or the folder of a Live Link Face take"
    )
    arguments.add_outputs(parser, f"{' '.join(ANIMATION_SUFFIXES)}, or -; repeatable (default: IN's name as .glb here)")
    parser.add_argument("--format", choices=STDOUT_FORMATS, metavar="NAME", help="format of -o - (default: json)")
    arguments.add_fps(parser)
    parser.add_argument("--timecode", metavar="HH:MM:SS:FF", help="timecode of the first frame of a .csv")
    arguments.add_head(parser, own=True)
    parser.add_argument("-f", "--force", action="store_true", help="overwrite outputs that exist")
    arguments.add_common(parser)
    parser.set_defaults(vertices=False)
    return parser


def run(args, console: Console) -> int:
    from diffusiontalker.io import format_of, read_motion, save_animation

    args.output = targets.outputs(args, animate.saved_endings(), ".glb")
    animate.check_stdout(args, "-" in args.output)
    names = [name for name in args.output if name != "-"]
    formats = [f for f in map(format_of, names) if f is not None]
    if args.timecode is not None and not any(f.holds_timecode for f in formats):
        raise arguments.UsageError("--timecode is for files that have one: name a .csv as output")
    own, moved = own_head.take(args), None
    with OutputSet(names, args.force) as outputs:
        source = Path(args.input)
        if args.input == "-":
            raise arguments.UsageError("convert reads files only: name an animation file")
        targets.check_input(args.input, "convert")
        check_not_sound(args)
        animate.check_not_input(outputs, source)
        motion, read_as = read_motion(source)
        animation = replace(animation_of(motion), head=args.head)
        check_spaces(animation.space, args, source)
        notes = [*motion.notes]
        for target in outputs.staged:
            wanted = format_of(target.name)
            assert wanted is not None  # by targets.outputs()
            with outputs.naming(target) as staged:
                prepared, losses = fitted(animation, wanted, args.fps)
                if own is not None and target.suffix.lower() == ".glb":
                    moved = own_head.write(own, prepared, staged)
                else:
                    save_animation(prepared, staged, force=True, name=target.name, timecode=args.timecode)
            notes += losses
        if "-" in args.output:
            name = args.format or "json"
            wanted = format_of(f".{name}")
            assert wanted is not None  # by the choices of --format
            prepared, losses = fitted(animation, wanted, args.fps)
            animate.write_to_stdout(prepared, name, False)
            notes += losses
        outputs.commit()
    report(args, console, animation, read_as.name, names, list(dict.fromkeys(notes)), moved)
    return 0


def check_not_sound(args) -> None:
    """Raises InputError that names the command for a recording."""
    if args.input.lower().endswith(_SOUND):
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


def report(args, console: Console, animation, read_as: str, names: list[str], notes: list[str], moved=None) -> None:
    """The closing notice, or the document of --json. Its keys are stable; new ones may be added."""
    if args.json:
        console.json(
            {
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
                **({"head": own_head.document(moved)} if moved else {}),
            }
        )
    for note in notes:
        console.notice(f"note: {note}")
    console.notice(
        f"read {animation.n_frames} frames at {animation.fps:g} a second ({read_as})"
        + "".join(f"\n  {name}" for name in names)
    )
    if moved is not None:
        own_head.tell(moved, console)
