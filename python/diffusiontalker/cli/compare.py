"""`diffusiontalker compare`: two takes side by side, and how far they are apart."""

from __future__ import annotations

import contextlib
from pathlib import Path

from diffusiontalker.api.difference import Difference, difference
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.cli import arguments, sources, targets
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.takes import Shown
from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io import READABLE
from diffusiontalker.io.sound.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES
from diffusiontalker.render.page import Take

ENDINGS = (".png", ".mp4", ".html")


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "compare",
        help="two takes side by side, with their differences",
        description="Compares two animations by regions of the face: how far they are apart, and how late the second "
        "one is. With -o it draws both side by side.",
        examples="""diffusiontalker compare old.glb new.glb
        diffusiontalker compare take.npz MySlate_1_iPhone_cal.csv --align -o both.html --audio speech.wav
        diffusiontalker compare happy.csv sad.csv --head hero.glb -o both.png -o both.mp4""",
    )
    parser.add_argument("input", metavar="A", help=f"animation file ({' '.join(READABLE)}), or a Live Link Face take")
    parser.add_argument("second", metavar="B", help="another one")
    parser.add_argument(
        "-o", "--output", action="append", metavar="OUT", default=None, help=f"{' '.join(ENDINGS)}; repeatable"
    )
    parser.add_argument("--align", action="store_true", help="move B by the delay of its lips first")
    parser.add_argument("--audio", metavar="FILE", help="sound of A, for the video or the page")
    arguments.add_head(parser, own=True)
    parser.set_defaults(head=None, more=[])  # the built-in head, or that of a .glb
    parser.add_argument("-f", "--force", action="store_true", help="overwrite outputs that exist")
    arguments.add_sound(parser)
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    args.output = targets.outputs(args, ENDINGS, ".png") if args.output else []
    if "-" in args.output:
        raise arguments.UsageError(f"compare writes files only: name a {', '.join(ENDINGS)} as output")
    if args.audio is None and (args.raw or args.channel):
        raise arguments.UsageError("--raw and --channel are for sound: name one with --audio")
    shown = Shown(args)
    check_inputs(args)
    with OutputSet(args.output, args.force) as outputs:
        loaded = [shown.load(Path(name)) for name in (args.input, args.second)]
        found = difference(loaded[0][0], loaded[1][0], args.align)
        offsets = (max(0.0, -found.shift_s), max(0.0, found.shift_s))
        takes = [
            Take(name, anim, puppet, offset)
            for name, (anim, puppet), offset in zip(names(args), loaded, offsets, strict=True)
        ]
        if args.output:
            draw(args, takes, outputs, console)
            outputs.commit()
    if args.json:
        console.json(document(args, loaded, found))
    else:
        show(console, found)
    for note in found.missing:
        console.notice(f"note: {note}")
    if args.output:
        console.notice("drew" + "".join(f"\n  {name}" for name in args.output))
    return 0


def check_inputs(args) -> None:
    """Raises InputError for what is no animation, and OutputError for an output that is an input."""
    for name in (args.input, args.second):
        if name == "-":
            raise arguments.UsageError("compare reads files only: name two animation files")
        targets.check_input(name, "compare")
        if name.lower().endswith((*SOUND_SUFFIXES, *VIDEO_SUFFIXES)):
            raise InputError(
                f"{name} is sound, not an animation: `diffusiontalker animate {name} -o {Path(name).stem}.npz` first"
            )
        for output in args.output:
            with contextlib.suppress(OSError, ValueError):  # what is wrong with an output is said by writing it
                if Path(name).samefile(output):
                    raise OutputError(f"{output} is an input: name another output")


def names(args) -> list[str]:
    """Names of the takes for people: as short as they are different."""
    paths = [Path(args.input), Path(args.second)]
    for of in (lambda p: p.stem, lambda p: p.name):
        if of(paths[0]) != of(paths[1]):
            return [of(p) for p in paths]
    return [str(p) for p in paths]


def draw(args, takes: list[Take], outputs: OutputSet, console: Console) -> None:
    """Writes every output under its hidden name."""
    if args.audio is None:
        draw_all(args, takes, None, outputs, console)
        return
    targets.check_input(args.audio, "compare --audio")
    with sources.sound(args, console, args.audio) as sound:
        draw_all(args, takes, sound, outputs, console)


def draw_all(args, takes: list[Take], sound, outputs: OutputSet, console: Console) -> None:
    from diffusiontalker.render import comparison_sheet, comparison_video, write_page

    for target in outputs.staged:
        with outputs.naming(target) as staged:
            if target.suffix.lower() == ".png":
                comparison_sheet(takes, staged, force=True)
            elif target.suffix.lower() == ".html":
                write_page(takes, staged, sound, title=f"{takes[0].name}, {takes[1].name}", force=True)
            else:
                with console.progress(takes[0].anim.duration_s, "drawing") as progress:
                    comparison_video(takes, sound, staged, force=True, progress=progress)


def show(console: Console, found: Difference) -> None:
    """The table on standard output."""
    rows = []
    for r in found.regions:
        unit = {"weight": "", "degrees": " deg", "eye distance": " eyes"}[r.unit]
        late = "-" if r.delay_s is None else f"{round(1000 * r.delay_s)} ms"
        alike = "-" if r.correlation is None else f"{r.correlation:.2f}"
        largest = f"{r.largest:.3f}{unit} at {r.at_s:.2f} s ({r.where})"
        rows.append((r.name, f"{r.mean:.3f}{unit}", largest, late, alike))
    console.table(rows, ("region", "mean", "largest", "B is late by", "alike"))
    seconds = float(found.n_frames / found.fps)
    moved = "" if not found.shift_s else f", B moved by {-1000 * found.shift_s:+.0f} ms"
    console.notice(f"{found.n_frames} frames ({seconds:.1f} s) at {float(found.fps):g} a second{moved}")


def document(args, loaded, found: Difference) -> dict:
    """The document of --json. Keys are stable; new ones may be added."""

    def of(name: str, anim) -> dict:
        return {
            "input": name, "n_frames": anim.n_frames, "fps_num": anim.fps_num, "fps_den": anim.fps_den,
            "duration_s": anim.duration_s,
        }  # fmt: skip

    return {
        "schema": "diffusiontalker.compare/1",
        "a": of(args.input, loaded[0][0]),
        "b": of(args.second, loaded[1][0]),
        "outputs": args.output,
        "fps_num": found.fps.numerator,
        "fps_den": found.fps.denominator,
        "n_frames": found.n_frames,
        "shift_s": found.shift_s,
        "notes": list(found.missing),
        "regions": {
            r.name: {
                "unit": r.unit,
                "channels": list(r.channels),
                "mean": r.mean,
                "max": r.largest,
                "max_at_s": r.at_s,
                "max_channel": r.where,
                "delay_s": r.delay_s,
                "correlation": r.correlation,
            }
            for r in found.regions
        },
    }
