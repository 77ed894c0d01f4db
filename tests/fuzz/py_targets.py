"""Python's readers of files from strangers, one function each: bytes of any kind give a result or an error of ours.
tests/fuzz.sh runs them with atheris, tests/py_pkg/test_fuzz_corpus.py with the committed corpus."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from py_pkg.own_head_support import pack

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.saved import load_animation
from diffusiontalker.cli.info import rows
from diffusiontalker.errors import BundleError, DiffusionTalkerError, InputError
from diffusiontalker.io.read import READABLE
from diffusiontalker.io.safetensors import read_tensors
from diffusiontalker.io.sound.reading import read_audio
from diffusiontalker.ownhead import animate_head, load_mapping
from diffusiontalker.ownhead.inspect import inspect_head
from diffusiontalker.ownhead.puppet import puppet_of_data
from diffusiontalker.render.character import CharacterPictures
from diffusiontalker.spec import bundles
from diffusiontalker.spec.channels import ARKIT_CHANNELS

PARTS = b"\xff||\xff"  # between what a target puts together
MAX_SECONDS = 60  # of sound that a target reads
# A new one is put last, so that the corpus keeps its meaning. USD is left to usd-core, whose code is not ours.
ENDINGS = (
    ".csv", ".glb", ".json", ".npz", ".a2f.json", ".vrma", ".arkit.vrma", ".pc2", ".mdd", ".tsv", ".xml",
    ".rhubarb.json", ".dat", ".oculus.csv", ".oculus.json", ".bvh", ".curves.csv",
)  # fmt: skip
assert set(READABLE) == {*ENDINGS, ".usd", ".usda", ".usdc"}, "ENDINGS lacks a format"


@contextlib.contextmanager
def file_of(data: bytes, ending: str):
    with tempfile.TemporaryDirectory(prefix="dt-fuzz-") as folder:
        path = Path(folder) / ("file" + ending)
        path.write_bytes(data)
        yield path


def bundle(data: bytes) -> None:
    """A packed bundle, the bundle.json of a folder, and a file of tensors."""
    kind, data = data[:1], data[1:]
    if kind == b"t":
        with contextlib.suppress(BundleError):
            for tensor in read_tensors(data, "file", ("identities",)).values():
                assert np.isfinite(tensor).all()
        return
    with file_of(data, ".dtb" if kind == b"z" else "") as path:
        folder = path
        if kind != b"z":
            path.rename(path.parent / bundles.DESCRIPTION)
            folder = path.parent
        with contextlib.suppress(BundleError):
            description = bundles.read_description(folder)
            problems = bundles.file_problems(folder, description)
            rows(folder, description, problems)
            json.dumps(description)
            if not problems:
                bundles.pack(folder, path.parent / "packed")
                assert bundles.read_description(path.parent / "packed") == description


def saved(data: bytes) -> None:
    """A saved animation: .json, .npz as it is, and the members of a .npz that are given apart."""
    kind, data = data[:1], data[1:]
    if kind == b"a":  # damage that the archive's checksums do not catch
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as z:
            for number, name in enumerate(("weights", "channels", "fps", "space", "head_pose")):
                part = data.split(PARTS)[number : number + 1]
                if part:
                    z.writestr(f"{name}.npy", part[0])
        data = archive.getvalue()
    with file_of(data, ".json" if kind == b"j" else ".npz") as path, contextlib.suppress(InputError):
        animation = load_animation(path)
        assert np.isfinite(animation.weights).all() and animation.weights.ndim == 2
        assert animation.fps_num > 0 and animation.fps_den > 0


def sound(data: bytes) -> None:
    """A sound file of any format."""
    with file_of(data, ".wav") as path, contextlib.suppress(InputError):
        seconds = 0.0
        for block, rate in read_audio(path):
            assert block.ndim == 2 and block.dtype == np.float32 and np.isfinite(block).all()
            seconds += len(block) / rate
            if seconds > MAX_SECONDS:
                break


def formats(data: bytes) -> None:
    """An animation in any format that has a reader: the first byte chooses the ending of the name."""
    ending = ENDINGS[(data or b"a")[0] % len(ENDINGS)]
    with file_of(data[1:], ending) as path, contextlib.suppress(InputError):
        animation = load_animation(path)
        assert np.isfinite(animation.weights).all() and animation.weights.ndim == 2
        assert animation.fps_num > 0 and animation.fps_den > 0


def head(data: bytes) -> None:
    """A character of the user's own, whole or its chunks apart, and its mapping: what is read is animated, can
    be read again, and is drawn."""
    kind, data = data[:1], data[1:]
    if kind == b"p":
        text, _, binary = data.partition(PARTS)
        data = pack(text, binary)
    if kind in b"mt":
        with file_of(data, ".json" if kind == b"m" else ".tsv") as path, contextlib.suppress(InputError):
            load_mapping(path)
        return
    with contextlib.suppress(DiffusionTalkerError):
        inspect_head(data, fit=kind == b"f")
        spoken, report = animate_head(data, Animation(np.full((2, 52), 0.5, np.float32), ARKIT_CHANNELS, 30))
        assert report.n_matched or report.bone
        inspect_head(spoken)
        list(CharacterPictures(puppet_of_data(spoken), "face").frames([0, 1], 16))


TARGETS = {"py_bundle": bundle, "py_formats": formats, "py_head": head, "py_saved": saved, "py_sound": sound}
