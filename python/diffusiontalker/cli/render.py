"""`diffusiontalker render`: pictures and video of the built-in head, or of the user's own character."""

from __future__ import annotations

from pathlib import Path

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.outputs import OutputSet
from diffusiontalker.cli import animate, arguments, batch, dial_options, inputs, sources, targets
from diffusiontalker.cli.console import Console
from diffusiontalker.cli.takes import Shown, check_space
from diffusiontalker.io.sound.endings import SOUND_SUFFIXES
from diffusiontalker.io.sound.reading import Sound
from diffusiontalker.ownhead.puppet import Puppet

ENDINGS = (".png", ".mp4", ".html")
# Options of animating that a saved animation has behind it.
TALKING = ("identity", "emotion", "emotion_strength", "head_amount", "seed", "profile", *dial_options.OPTIONS)


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "render",
        help="draw the built-in head, or your own character",
        description="Draws an animation: a contact sheet (.png), a video with sound (.mp4), a page to play (.html). "
        "It shows the built-in head, the character of --head, or that of a .glb which has another head.",
        examples="""diffusiontalker render speech.wav -o sheet.png -o clip.mp4
        diffusiontalker render takes/*.csv --out-dir sheets
        diffusiontalker render take.csv --head hero.glb -o hero.png
        diffusiontalker render speech.npz --audio speech.wav -o clip.mp4 --force""",
        names=arguments.built_in_names,
    )
    parser.add_argument(
        "input", metavar="IN", help="sound files, - for standard input, or animation files that `convert` reads"
    )
    arguments.add_outputs(parser, ".png .mp4 .html, or the ending alone; repeatable (default: IN's name as .png here)")
    parser.add_argument("--audio", metavar="FILE", help="sound of a saved animation, for the video or the page")
    arguments.add_animating(parser, own_head=True)
    dial_options.add_dials(parser)
    parser.set_defaults(head=None)  # the built-in head, or that of a .glb
    return parser


def run(args, console: Console) -> int:
    kind = inputs.Kind((*SOUND_SUFFIXES, *targets.SAVED), ENDINGS, "sound or animation files", takes=True)
    items = inputs.several(args, kind)
    if items is not None:
        work = Rendering(args)
        for item in items:
            work.check(args, item.source)
        if args.audio and len(items) > 1:
            raise arguments.UsageError(f"--audio is the sound of one animation, and there are {len(items)} inputs")
        return batch.run(items, work, args, console)
    args.output = targets.outputs(args, ENDINGS, ".png")
    if "-" in args.output:
        raise arguments.UsageError("render writes files only: name a .png, .mp4 or .html as output")
    work = Rendering(args)
    work.check(args, args.input)
    batch.tell(work.one(args, console), args, console)
    return 0


class Rendering:
    """The work of the command; a model is opened for the first sound, and once for all of them."""

    def __init__(self, args):
        """args.head is a face afterwards. Raises as own_head.take()."""
        self._shown = Shown(args)
        self._opened: sources.Opened | None = None
        self._needs_model = False

    def check(self, args, source: str) -> None:
        """Whether the options are for such an input. Raises UsageError."""
        check_options(args, source)
        self._needs_model |= not is_saved(source)

    def prepare(self, args, console: Console) -> None:
        if self._needs_model:
            self._model(args, console)

    def _model(self, args, console: Console) -> sources.Opened:
        if self._opened is None:
            self._opened = sources.open_model(args, console, check_space)
        return self._opened

    def one(self, args, console: Console) -> batch.Done:
        with OutputSet(args.output, args.force) as outputs:
            targets.check_input(args.input, "render")
            if is_saved(args.input):
                document = self._saved(args, outputs, console)
            else:
                with sources.sound(args, console) as sound:
                    animate.check_not_input(outputs, sound.path)
                    done = sources.animate(args, sound, console, self._model(args, console))
                    draw(args, done.animation, sound, outputs, console, self._shown.puppet(done.animation))
                document = animate.summary(args, done, args.output)
            outputs.commit()
        return batch.Done(document, "drew", [], args.output)

    def _saved(self, args, outputs: OutputSet, console: Console) -> dict:
        """Draws a saved animation. Returns the document of --json."""
        animation, puppet = self._shown.load(Path(args.input))
        if args.audio:
            targets.check_input(args.audio, "render --audio")
            with sources.sound(args, console, args.audio) as audio:
                draw(args, animation, audio, outputs, console, puppet)
        else:
            draw(args, animation, None, outputs, console, puppet)
        for target in outputs.staged:
            if not args.audio and target.suffix.lower() in (".mp4", ".html"):
                what = "video" if target.suffix.lower() == ".mp4" else "page"
                console.notice(f"the {what} is silent: --audio FILE gives it the sound")
        return {"schema": "diffusiontalker.render/1", "input": args.input, "outputs": args.output}


def is_saved(source: str) -> bool:
    """Whether an input is an animation and not sound; a folder is a take of Live Link Face."""
    return Path(source).suffix.lower() in targets.SAVED or Path(source).is_dir()


def check_options(args, source: str) -> None:
    """Raises UsageError for an option that has no effect on this kind of input."""
    saved = is_saved(source)
    if args.audio and not saved:
        raise arguments.UsageError("--audio is for saved animations: here the input is the sound")
    if saved and not args.audio and (args.raw or args.channel):
        raise arguments.UsageError("--raw and --channel are for sound: name one with --audio")
    given = [name for name in TALKING if getattr(args, name) != args.parser.get_default(name)]
    if saved and given:
        option = "--" + given[0].replace("_", "-")
        raise arguments.UsageError(f"{option} is for sound: {source} is drawn as it was saved")


def draw(
    args, animation: Animation, audio: Sound | None, outputs: OutputSet, console: Console, puppet: Puppet | None
) -> None:
    """Draws every output under its hidden name: the built-in head, or a character with the same frames."""
    from diffusiontalker.render import Take, contact_sheet, write_page, write_video

    for target in outputs.staged:
        with outputs.naming(target) as staged:
            if target.suffix.lower() == ".png":
                contact_sheet(animation, staged, audio_path=audio, force=True, puppet=puppet)
            elif target.suffix.lower() == ".html":
                name = "speech" if args.input == "-" else Path(args.input).stem
                write_page([Take(name, animation, puppet)], staged, audio, force=True)
            else:
                with console.progress(animation.duration_s, "drawing") as progress:
                    write_video(animation, audio, staged, force=True, progress=progress, puppet=puppet)
