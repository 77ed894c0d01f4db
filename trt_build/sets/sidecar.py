"""engines.json: written last, read first, and every plan is checked against it before anything parses the plan."""

from __future__ import annotations

import errno
import hashlib
import json
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.sets.identity import Identity

NAME = "engines.json"
FORMAT = 1
MAX_BYTES = 1 << 20  # of engines.json; a real one has some KB
REMEDY = "run `diffusiontalker engine build` again"


@dataclass(frozen=True)
class Engine:
    """One plan. window: animation frames, 0 where the network has none. profiles: in the order of the plan.
    layers, fp16_layers: layers of the network with floating-point results, and those of float16; matrix_*: of them the
    products and convolutions. tensors: inputs and outputs as {"name", "input", "type", "shape"}, -1 for a dynamic axis.
    from_engine: counted in the built engine, not in the typed network that it was built of.
    build_s: wall seconds."""

    network: str
    file: str
    sha256: str
    bytes: int
    window: int
    profiles: list[dict] = field(default_factory=list)
    build_s: float = 0.0
    fp16_layers: int = 0
    layers: int = 0
    fp16_matrix_layers: int = 0
    matrix_layers: int = 0
    from_engine: bool = False
    tensors: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class EngineSet:
    """The content of engines.json and the folder it lies in."""

    folder: Path
    identity: Identity
    engines: list[Engine]
    built: dict

    @property
    def n_bytes(self) -> int:
        return sum(e.bytes for e in self.engines)

    def as_dict(self) -> dict:
        return {
            "format": FORMAT, "identity": self.identity.as_dict(), "engines": [asdict(e) for e in self.engines],
            "built": self.built,
        }  # fmt: skip


def read(folder: Path) -> EngineSet:
    """The set of a folder, its plans unread. Raises EngineError: no set, not parsed, of another format."""
    path = folder / NAME
    try:
        text = _regular_bytes(path, MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise EngineError(f"{path} is damaged: it has more than {MAX_BYTES} bytes; {REMEDY}")
        content = json.loads(text.decode("utf-8"))
    except FileNotFoundError as e:
        raise EngineError(f"{folder} holds no engine set: it has no {NAME}; {REMEDY}") from e
    except OSError as e:
        raise EngineError(f"{path} cannot be read: {e.strerror or e}") from e
    except (ValueError, RecursionError) as e:
        raise EngineError(f"{path} is damaged: it is not valid JSON ({e}); {REMEDY}") from e
    if not isinstance(content, dict) or "format" not in content:
        raise EngineError(f"{path} does not describe an engine set; {REMEDY}")
    if content["format"] != FORMAT:
        raise EngineError(
            f"{path} is of format {content['format']}, expected {FORMAT}: another version of diffusiontalker wrote it; "
            + REMEDY
        )
    try:
        engines = [Engine(**e) for e in content["engines"]]
        for engine in engines:
            if Path(engine.file).name != engine.file or not engine.file or not isinstance(engine.bytes, int):
                raise ValueError(f"{engine.file!r}")
            if engine.bytes < 1:
                raise ValueError(f"the size of {engine.file!r}")
        return EngineSet(folder, Identity.from_dict(content["identity"]), engines, dict(content["built"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as e:
        raise EngineError(f"{path} is damaged: {e} is missing or wrong; {REMEDY}") from e


def _regular_bytes(path: Path, limit: int) -> bytes:
    """The first bytes of a file. Raises OSError, also for what is no regular file: a pipe or a device never ends."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as f:
        return f.read(limit)


def file_problem(engines: EngineSet) -> str:
    """The first thing wrong with the set's plans as one sentence, "" when all are whole. Reads them all."""
    for engine in engines.engines:
        path = engines.folder / engine.file
        digest = hashlib.sha256()
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return f"{path} cannot be read: it is no regular file"
            if (size := status.st_size) != engine.bytes:
                return f"{path} has {size} bytes, expected {engine.bytes}: it is damaged"
            with path.open("rb") as f:
                head = f.read(32)
                digest.update(head)
                while block := f.read(1 << 20):
                    digest.update(block)
        except OSError as e:
            return f"{path} cannot be read: {e.strerror or e}"
        if digest.hexdigest() != engine.sha256:
            return f"{path} is damaged: its SHA-256 is not the listed one"
        if problem := _header_problem(head, engines.identity):
            return f"{path} {problem}"
    return ""


def _header_problem(head: bytes, identity: Identity) -> str:
    """Bytes 24..27 of a plan are major, minor, patch and build of its builder."""
    version = [int(part) for part in identity.library_version.split(".") if part.isdigit()]
    if identity.library != "tensorrt-rtx" or len(head) < 28 or len(version) < 3:
        return ""  # seen in plans of tensorrt-rtx only
    found = list(head[24:27])
    if found == version[:3]:
        return ""
    return f"was built by version {'.'.join(map(str, found))}, while {NAME} says {identity.library_version}"
