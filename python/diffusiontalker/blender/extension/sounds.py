"""The sound in the scene that a character speaks, and when."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy

from .playing import Span
from .program import Failure


def strips(scene) -> list:
    """The sound strips of the sequencer, also those in meta strips."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    found = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all  # before Blender 4.4
    return [strip for strip in found if strip.type == "SOUND"]


def chosen(scene):
    """The active sound strip of the sequencer, or the only one. Raises Failure when it is neither."""
    found = strips(scene)
    if not found:
        raise Failure("the scene has no sound: add one in the sequencer, or speak a file")
    active = scene.sequence_editor.active_strip
    if active in found:
        return active
    if len(found) > 1:
        raise Failure(f"the scene has {len(found)} sounds: select one in the sequencer")
    return found[0]


def add(scene, path: Path, frame: int):
    """Puts a sound file into the sequencer. Raises Failure for what Blender cannot read."""
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    channel = 1 + max((strip.channel for strip in strips(scene)), default=0)
    try:
        return _collection(scene).new_sound(path.stem, str(path), channel, frame)
    except RuntimeError as e:
        raise Failure(f"{path} cannot be read as sound: save it as .wav") from e


def remove(scene, strip) -> None:
    """Takes a strip away again."""
    _collection(scene).remove(strip)


def _collection(scene):
    editor = scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences  # before Blender 4.4


def span(strip) -> Span:
    """When a strip's sound begins, and the part of it that is heard. Raises Failure for a strip that is retimed."""
    if len(getattr(strip, "retiming_keys", ())):
        raise Failure(f"the strip {strip.name} is retimed: speak its sound from a file, without retiming")
    return Span(round(strip.frame_start), int(strip.frame_final_start), int(strip.frame_final_end))


@contextmanager
def file_of(sound):
    """The path of a sound's file; of a packed sound, of a copy."""
    if sound.packed_file is None:
        path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
        if not path.is_file():
            raise Failure(f"{path} is missing: find it by File, External Data, Find Missing Files")
        yield path
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / (Path(bpy.path.basename(sound.filepath)).name or "sound.wav")
        path.write_bytes(sound.packed_file.data)
        yield path
