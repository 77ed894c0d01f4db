"""`diffusiontalker render`: pictures and video of the built-in head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.api.saved import load_animation
from diffusiontalker.cli import animate, arguments, sources
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import InputError

ENDINGS = (".png", ".mp4")
SAVED = (".npz", ".json")


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "render",
        help="draw the built-in head",
        description="Draws an animation on the built-in head: a contact sheet (.png) or a video with sound (.mp4).",
        examples="""diffusiontalker render speech.wav -o sheet.png -o clip.mp4
        diffusiontalker render speech.npz --audio speech.wav -o clip.mp4 --force""",
    )
    parser.add_argument(
        "input", metavar="IN", help="sound file, - for standard input, or a saved .npz or .json animation"
    )
    parser.add_argument(
        "-o", "--output", action="append", required=True, metavar="OUT", help=".png or .mp4; repeatable"
    )
    parser.add_argument("--audio", metavar="FILE", help="sound of a saved animation, for the video")
    arguments.add_animating(parser)
    return parser


def run(args, console: Console) -> int:
    animate.check_endings(args.output, ENDINGS)
    if "-" in args.output:
        raise arguments.UsageError("render writes files only: name a .png or .mp4 as output")
    saved = Path(args.input).suffix.lower() in SAVED
    if args.audio and not saved:
        raise arguments.UsageError("--audio is for saved animations: here the input is the sound")
    targets = [Path(name) for name in args.output]
    with OutputSet(targets, args.force) as outputs:
        if saved:
            audio = Path(args.audio) if args.audio else None
            animation = replace(load_animation(Path(args.input)), head=args.head)
            check_space(animation.space)
            draw(animation, audio, outputs, console)
            document = {"schema": "diffusiontalker.render/1", "input": args.input, "outputs": args.output}
        else:
            with sources.audio_file(args.input) as path:
                animate.check_not_input(targets, path)
                done = sources.animate(args, path, console, check_space)
                draw(done.animation, path, outputs, console)
            document = animate.summary(args, done, targets)
        outputs.commit()
    if args.json:
        console.json(document)
    console.notice("drew" + "".join(f"\n  {t}" for t in targets))
    return 0


def check_space(space: str) -> None:
    """Raises InputError for a motion that does not move the built-in head."""
    if space != "blendshapes":
        raise InputError(
            f"the built-in head takes ARKit blendshapes, and this motion is of {space}: save it with "
            "`animate -o FILE.npz --vertices` and draw those"
        )


def draw(animation: Animation, audio: Path | None, outputs: OutputSet, console: Console) -> None:
    """Draws every output under its hidden name."""
    from diffusiontalker.render import contact_sheet, write_video

    if audio is not None and not audio.is_file():
        raise InputError(f"{audio} does not exist: name the sound file of the animation")
    for target in outputs.staged:
        with outputs.naming(target) as staged:
            if target.suffix.lower() == ".png":
                contact_sheet(animation, staged, audio_path=audio)
            else:
                with console.progress(animation.duration_s, "drawing") as progress:
                    write_video(animation, audio, staged, progress=progress)
