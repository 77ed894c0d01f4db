"""What the panel's buttons do. Each is one step of undo."""

import shlex
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import playing, program, sounds, spoken
from .characters import Character, selected
from .program import Failure

_ANIMATIONS = "*.csv;*.npz;*.json;*.glb;*.vrma;*.usda;*.usdc;*.usd;*.bvh;*.tsv;*.xml"


def frame_rate(scene) -> str:
    """The scene's frames a second as the program takes it."""
    rate = scene.render.fps / scene.render.fps_base
    return str(scene.render.fps) if scene.render.fps_base == 1 else f"{rate:.3f}"


class _Animating:
    """Runs the program on the selected character, and reports its sentence when that fails. Beside a Blender operator,
    which brings report()."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender reads it from the class

    report: Callable

    def work(self, context) -> None:
        raise NotImplementedError

    @classmethod
    def poll(cls, context):
        return context.mode == "OBJECT" or context.mode == "POSE"

    def execute(self, context):
        window = context.window
        if window is not None:
            window.cursor_set("WAIT")
        try:
            self.work(context)
        except Failure as e:
            self.report({"ERROR"}, str(e))
            return {"CANCELLED"}
        finally:
            if window is not None:
                window.cursor_set("DEFAULT")
        return {"FINISHED"}

    def animate(self, context, command: list[str], span: playing.Span | None, first: int) -> None:
        """command: what to run, without the character.   span: frames of a strip; None: all frames from `first`."""
        character, scene = selected(context), context.scene
        settings = scene.diffusiontalker
        take, told = run(character, command, settings, frame_rate(scene))
        span = span or playing.Span(first, first, first + take.n_frames)
        moving = [set(mesh["matched"]) for mesh in told["meshes"]]
        notes = playing.play(character, take, moving, span, settings.bones)
        scene.frame_end = max(scene.frame_end, min(span.end, span.first + take.n_frames) - 1)
        n_moving = sum(map(len, moving))
        n_keys = n_moving + sum(len(mesh["still"]) for mesh in told["meshes"])
        bones = [bone for bone in (told["bone"], *told.get("bones", ())) if bone and settings.bones]
        turning = f"; bones that turn: {', '.join(bones)}" if bones else ""
        self.report({"INFO"}, f"{n_moving} of {n_keys} shape keys move{turning}")
        for note in (*told["notes"], *notes):
            self.report({"WARNING"}, note)


def run(character: Character, command: list[str], settings, rate: str) -> tuple[spoken.Take, dict]:
    """The program's animation for a character, and its report about the character's shape keys. Raises Failure."""
    executable = program.find(preferences().program)
    with TemporaryDirectory() as folder:
        head, out = Path(folder) / "character.glb", Path(folder) / "spoken.glb"
        head.write_bytes(character.glb(settings.fit))
        arguments: list[str | Path] = [*command, "--head", head, "-o", out, "--fps", rate, *shape_options(settings)]
        try:
            told = program.run(executable, arguments)
        except Failure as e:
            raise Failure(str(e).replace(str(head), character.name)) from e
        return spoken.read_take(out.read_bytes(), len(character.objects)), told["head"]


def shape_options(settings) -> list[str]:
    """The options that say what moves which shape key."""
    mapping = ["--map", bpy.path.abspath(settings.mapping)] if settings.mapping else []
    return [*mapping, *(["--fit"] if settings.fit else [])]


def motion_options(settings) -> list[str]:
    """The options of `animate`. Raises Failure for quotes that do not close."""
    try:
        more = shlex.split(settings.options)
    except ValueError as e:
        raise Failure(f"Options has a quote that is not closed: {settings.options}") from e
    named = {"--identity": settings.identity, "--emotion": settings.emotion}
    return [*(word for name, value in named.items() if value for word in (name, value)), *more]


def preferences():
    return bpy.context.preferences.addons[__package__].preferences


class DIFFUSIONTALKER_OT_speak(_Animating, bpy.types.Operator):
    """Animate the selected character from the active sound of the sequencer"""

    bl_idname, bl_label = "diffusiontalker.speak", "Speak"

    def work(self, context) -> None:
        strip = sounds.chosen(context.scene)
        span = sounds.span(strip)
        with sounds.file_of(strip.sound) as path:
            self.animate(context, ["animate", str(path), *motion_options(context.scene.diffusiontalker)], span, 0)


class DIFFUSIONTALKER_OT_speak_file(_Animating, ImportHelper, bpy.types.Operator):
    """Put a sound file into the sequencer at the current frame, and animate the selected character from it"""

    bl_idname, bl_label = "diffusiontalker.speak_file", "Speak File"
    filter_glob: bpy.props.StringProperty(default="*.wav;*.flac;*.ogg;*.mp3;*.m4a;*.aac;*.opus", options={"HIDDEN"})

    def work(self, context) -> None:
        path, frame = Path(bpy.path.abspath(self.filepath)), context.scene.frame_current
        command = ["animate", str(path), *motion_options(context.scene.diffusiontalker)]
        strip = sounds.add(context.scene, path, frame)
        try:
            self.animate(context, command, None, frame)
        except Failure:
            sounds.remove(context.scene, strip)
            raise


class DIFFUSIONTALKER_OT_import(_Animating, ImportHelper, bpy.types.Operator):
    """Put an animation file onto the shape keys of the selected character, from the current frame on"""

    bl_idname, bl_label = "diffusiontalker.import_animation", "Import Animation"
    filter_glob: bpy.props.StringProperty(default=_ANIMATIONS, options={"HIDDEN"})

    def work(self, context) -> None:
        self.animate(context, ["convert", bpy.path.abspath(self.filepath)], None, context.scene.frame_current)


class DIFFUSIONTALKER_OT_draft(ExportHelper, bpy.types.Operator):
    """Write a list of the shape keys and of what moves each, to edit and to choose as the mapping"""

    bl_idname, bl_label = "diffusiontalker.draft_mapping", "Draft Mapping"
    filename_ext = ".tsv"
    filter_glob: bpy.props.StringProperty(default="*.tsv;*.json", options={"HIDDEN"})

    def execute(self, context):
        settings, path = context.scene.diffusiontalker, bpy.path.abspath(self.filepath)
        try:
            character = selected(context)
            with TemporaryDirectory() as folder:
                head = Path(folder) / "character.glb"
                head.write_bytes(character.glb(settings.fit))
                fit = ["--fit"] if settings.fit else []
                program.run(program.find(preferences().program), ["head", "inspect", head, "-o", path, "--force", *fit])
        except Failure as e:
            self.report({"ERROR"}, str(e))
            return {"CANCELLED"}
        settings.mapping = path
        self.report({"INFO"}, f"{path} is the mapping now: edit it, and animate again")
        return {"FINISHED"}


CLASSES = (
    DIFFUSIONTALKER_OT_speak, DIFFUSIONTALKER_OT_speak_file, DIFFUSIONTALKER_OT_import, DIFFUSIONTALKER_OT_draft,
)  # fmt: skip
