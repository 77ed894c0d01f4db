"""DiffusionTalker: speech in, 3D face animation out.

    import diffusiontalker as dt
    model = dt.load("base")
    model.animate("speech.wav").save("speech.glb")

Names are looked up when first used, so `import diffusiontalker` (and `diffusiontalker.spec`) works without the compiled
part; the first real use then raises an error that says what to do.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from diffusiontalker.version import __version__ as __version__

if TYPE_CHECKING:
    from diffusiontalker.api.animation import Animation as Animation
    from diffusiontalker.api.dials import Dials as Dials
    from diffusiontalker.api.edits import Edits as Edits
    from diffusiontalker.api.model import Model as Model
    from diffusiontalker.api.model import load as load
    from diffusiontalker.api.saved import load_animation as load_animation
    from diffusiontalker.api.stream import Frame as Frame
    from diffusiontalker.api.stream import Stream as Stream
    from diffusiontalker.api.stream_frames import stopwatch as stopwatch
    from diffusiontalker.api.timeline import Timeline as Timeline
    from diffusiontalker.errors import BackendError as BackendError
    from diffusiontalker.errors import BundleError as BundleError
    from diffusiontalker.errors import DiffusionTalkerError as DiffusionTalkerError
    from diffusiontalker.errors import InputError as InputError
    from diffusiontalker.errors import OutputError as OutputError
    from diffusiontalker.io.sound.pcm import pcm as pcm
    from diffusiontalker.spec.bundles import available_bundles as available_bundles

_HOME = {
    "load": "diffusiontalker.api.model",
    "Model": "diffusiontalker.api.model",
    "Stream": "diffusiontalker.api.stream",
    "Frame": "diffusiontalker.api.stream",
    "stopwatch": "diffusiontalker.api.stream_frames",
    "Animation": "diffusiontalker.api.animation",
    "Dials": "diffusiontalker.api.dials",
    "Edits": "diffusiontalker.api.edits",
    "Timeline": "diffusiontalker.api.timeline",
    "load_animation": "diffusiontalker.api.saved",
    "available_bundles": "diffusiontalker.spec.bundles",
    "pcm": "diffusiontalker.io.sound.pcm",
    "DiffusionTalkerError": "diffusiontalker.errors",
    "InputError": "diffusiontalker.errors",
    "BundleError": "diffusiontalker.errors",
    "BackendError": "diffusiontalker.errors",
    "OutputError": "diffusiontalker.errors",
}

__all__ = [*_HOME, "__version__"]  # noqa: PLE0604


def __getattr__(name: str):
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'diffusiontalker' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
