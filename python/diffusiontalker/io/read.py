"""Animation files of every format that has a reader."""

from __future__ import annotations

import os
from pathlib import Path

from diffusiontalker.errors import InputError
from diffusiontalker.io.formats import FORMATS, Format, Motion
from diffusiontalker.io.formats.checks import check_motion
from diffusiontalker.io.formats.record import Unusable
from diffusiontalker.paths import not_there

READABLE = tuple(suffix for f in FORMATS if f.read is not None for suffix in f.suffixes)
_BEGINNING_BYTES = 1 << 16  # by which formats of one ending are told apart


def read_motion(path: str | os.PathLike[str]) -> tuple[Motion, Format]:
    """The motion that a file holds, and its format: by the ending of the name, and where several formats share one
    (.json, .csv) by what the file begins with. A folder is the take of a Live Link Face recording.
    Raises InputError: missing, an ending that no reader has, damaged, too large, values that are not finite.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise InputError(not_there(path))
        wanted = _format_of_file(path)
        assert wanted.read is not None
        try:
            motion = wanted.read(path)
            check_motion(motion)
        except Unusable as e:
            raise InputError(f"{path} {e}: {wanted.remedy}") from e
        except (InputError, OSError, MemoryError):
            raise
        # Whatever a damaged file makes NumPy, zipfile, zlib, json or struct raise: none says all that it can be.
        except Exception as e:
            text = " ".join(str(e).split())[:200]
            raise InputError(
                f"{path} is not a saved animation in the format {wanted.suffix} ({type(e).__name__}: {text}): "
                f"{wanted.remedy}"
            ) from e
    except MemoryError as e:
        raise InputError(f"{path} does not fit into memory: save the animation in parts") from e
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from e
    return motion, wanted


def _format_of_file(path: Path) -> Format:
    if path.is_dir():
        return next(f for f in FORMATS if f.suffix == ".csv")
    last = path.suffix.lower()
    readers = [f for f in FORMATS if f.read is not None and any(Path("a" + s).suffix == last for s in f.suffixes)]
    if not readers:
        raise InputError(f"the ending of {path} names no format that is read: use one of {' '.join(READABLE)}")
    with path.open("rb") as f:
        beginning = f.read(_BEGINNING_BYTES)
    # A name may say more than its last ending: speech.curves.csv.
    name = path.name.lower()
    readers.sort(key=lambda f: -max((len(s) for s in f.suffixes if name.endswith(s)), default=0))
    recognised = [f for f in readers if f.recognises is not None and f.recognises(beginning)]
    return (recognised or [f for f in readers if f.recognises is None] or readers)[0]
