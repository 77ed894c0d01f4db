"""A glTF 2.0 file of somebody else: read whole, extended behind its end, and written as .glb.

What is not extended stays: the binary chunk is a prefix of the new one, JSON keeps the order of its keys and the digits
of its numbers, and chunks of other kinds follow as they were."""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from diffusiontalker.errors import InputError, OutputError
from diffusiontalker.io.glb_container import MAX_GLB_BYTES
from diffusiontalker.io.gltf.resources import resource, uri_of

_JSON, _BIN = b"JSON", b"BIN\0"
_LISTS = ("accessors", "animations", "buffers", "bufferViews", "images", "meshes", "nodes", "skins")
COMPRESSED = ("EXT_meshopt_compression", "KHR_meshopt_compression")


class Literal(float):
    """A number of a JSON text that is written back with the same digits."""

    text: str

    def __new__(cls, text: str):
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass
class Gltf:
    """document: the JSON.   binary: the bytes of buffer 0.   rest: chunks behind the binary one, as they are."""

    document: dict
    binary: bytes
    rest: bytes = b""
    _added: list[bytes] = field(default_factory=list)
    _n_bytes: int = 0  # of buffer 0 with what was added
    decoded: dict[int, np.ndarray] = field(default_factory=dict)  # buffer view -> its bytes without compression
    unpacked: dict[int, np.ndarray] = field(default_factory=dict)  # accessor -> its numbers, of a compressed mesh

    def copy(self) -> Gltf:
        """One that can be extended by itself."""
        return Gltf(copy.deepcopy(self.document), self.binary, self.rest, list(self._added), self._n_bytes)

    def items(self, key: str) -> list[dict]:
        """A top-level list of objects, empty where the file has none. Raises InputError for anything else."""
        found = self.document.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise InputError(f"the head is damaged: its {key} are no list of objects")
        return found

    def bytes_of(self, view: dict) -> bytes:
        """The bytes of a buffer view of buffer 0, of those that were read. Raises InputError for a damaged file."""
        begin, n = view.get("byteOffset", 0), view.get("byteLength")
        whole = b"".join([self.binary, *self._added]) if self._added else self.binary
        if not isinstance(begin, int) or not isinstance(n, int) or begin < 0 or n < 0 or begin + n > len(whole):
            raise InputError("the head is damaged: a buffer view reaches behind its bytes")
        return whole[begin : begin + n]

    def add_view(self, data: bytes) -> int:
        """Puts bytes behind the last ones of buffer 0. Returns the index of the new buffer view."""
        self._align()
        views = self.document.setdefault("bufferViews", [])
        views.append({"buffer": 0, "byteOffset": self._n_bytes, "byteLength": len(data)})
        self._append(data)
        return len(views) - 1

    def add_accessor(self, array: np.ndarray, bounds: bool = False) -> int:
        """array: float32 [n] or [n, 4].   bounds: store min and max.   Returns the index of the new accessor."""
        entry: dict = {
            "bufferView": self.add_view(np.ascontiguousarray(array, "<f4").tobytes()),
            "componentType": 5126,
            "count": len(array),
            "type": "SCALAR" if array.ndim == 1 else f"VEC{array.shape[1]}",
        }
        if bounds:
            rows = np.float32(array).reshape(len(array), -1)
            entry["min"], entry["max"] = rows.min(0).tolist(), rows.max(0).tolist()
        accessors = self.document.setdefault("accessors", [])
        accessors.append(entry)
        return len(accessors) - 1

    def _align(self) -> None:
        if not self._added:
            buffers = self.document.setdefault("buffers", [])
            if not buffers:
                buffers.append({"byteLength": 0})
            self._n_bytes = len(self.binary)
        self._append(bytes(-self._n_bytes % 4))

    def _append(self, data: bytes) -> None:
        self._added.append(data)
        self._n_bytes += len(data)
        self.document["buffers"][0]["byteLength"] = self._n_bytes

    def to_glb(self) -> bytes:
        """The whole file. Raises OutputError over 4 GiB."""
        text = json_text(self.document).encode("utf-8")
        text += b" " * (-len(text) % 4)
        binary = b"".join([self.binary, *self._added])
        binary += bytes(-len(binary) % 4)
        chunks = [struct.pack("<I4s", len(text), _JSON), text]
        if self.document.get("buffers"):
            chunks += [struct.pack("<I4s", len(binary), _BIN), binary]
        total = 12 + sum(map(len, chunks)) + len(self.rest)
        if total > MAX_GLB_BYTES:
            raise OutputError(f"head and animation need {total} bytes, a GLB file holds 4 GiB: animate it in parts")
        return b"".join([struct.pack("<4sII", b"glTF", 2, total), *chunks, self.rest])


def read_gltf(data: bytes, folder: Path | None = None) -> Gltf:
    """Reads a .glb, .vrm or .gltf; files that it names become part of it.
    folder: where those files are; None for a head that must not name any.
    Raises InputError: not glTF 2.0, damaged, a file it names is missing or lies elsewhere.
    """
    gltf = parse_gltf(data)
    asset = gltf.document.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if not isinstance(version, str) or not version.startswith("2."):
        raise InputError(f"the head is not glTF 2.0 (asset.version is {version!r}): export it again as .glb")
    for key in _LISTS:
        gltf.items(key)
    _pack(gltf, folder, data[:4] == b"glTF")
    return gltf


def parse_gltf(data: bytes) -> Gltf:
    """The chunks of a file alone: what it names is not read, and what its document says is not checked.
    Raises InputError: damaged, no JSON object."""
    chunks = _chunks(data) if data[:4] == b"glTF" else [(_JSON, data)]
    document = _parse(chunks[0][1])
    has_binary = len(chunks) > 1 and chunks[1][0] == _BIN
    binary = chunks[1][1] if has_binary else b""
    others = chunks[1 + has_binary :]
    return Gltf(document, binary, b"".join(struct.pack("<I4s", len(c), kind) + c for kind, c in others))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and bytes of each chunk of a .glb, the JSON first."""
    if len(data) < 20:
        raise InputError("the head is cut off: copy the file again")
    _, version, total = struct.unpack_from("<4sII", data)
    if version != 2:
        raise InputError(f"the head is a GLB of version {version}, and 2 is read: export it again as glTF 2.0")
    if total > len(data):
        raise InputError(f"the head is cut off: it has {len(data)} of {total} bytes")
    chunks, at = [], 12
    while at + 8 <= total:
        n, kind = struct.unpack_from("<I4s", data, at)
        if at + 8 + n > total:
            raise InputError("the head is damaged: a chunk of it ends behind the file")
        chunks.append((kind, data[at + 8 : at + 8 + n]))
        at += 8 + n
    if not chunks or chunks[0][0] != _JSON:
        raise InputError("the head is damaged: its first chunk is not JSON")
    return chunks


def _parse(text: bytes) -> dict:
    try:
        document = json.loads(
            text.decode("utf-8-sig"), parse_float=Literal, parse_int=_whole, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as e:
        raise InputError(f"the head is neither .glb nor .gltf, or damaged ({_brief(e)}): export it again") from e
    if not isinstance(document, dict):
        raise InputError("the head is no glTF: its JSON is not an object")
    return document


def _brief(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "it is no text" if isinstance(error, UnicodeDecodeError) else str(error).partition(":")[0]


def _whole(text: str) -> int | Literal:
    return Literal(text) if text == "-0" else int(text)


def _no_constant(name: str):
    raise ValueError(f"{name} is no JSON number")


def json_text(value) -> str:
    """JSON without spaces, with Literal numbers as they were read."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{_string(key)}:{json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, str):
        return _string(value)
    return json.dumps(value, allow_nan=False)


def _string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    try:
        quoted.encode("utf-8")
    except UnicodeEncodeError:  # half a pair of UTF-16, which only the escaped form can carry
        return json.dumps(text)
    return quoted


def _pack(gltf: Gltf, folder: Path | None, is_glb: bool) -> None:
    """Moves buffers and pictures of other files into buffer 0; what is inside the file already stays where it is."""
    buffers = gltf.items("buffers")
    outside = [i for i, buffer in enumerate(buffers) if (not is_glb or i == 0) and "uri" in buffer]
    outside += [i for i, buffer in enumerate(buffers) if i not in outside and uri_of(buffer) is not None]
    if buffers and "uri" not in buffers[0]:
        size = buffers[0].get("byteLength", 0)
        if not isinstance(size, int) or size > len(gltf.binary):
            raise InputError(f"the head is cut off: buffer 0 has {len(gltf.binary)} of {size} bytes")
        gltf.binary = gltf.binary[:size]
    if outside:
        _merge_buffers(gltf, buffers, outside, folder)
    for image in gltf.items("images"):
        if uri_of(image) is not None or (not is_glb and "uri" in image):
            data, kind = resource(image.pop("uri"), folder)
            image["bufferView"] = gltf.add_view(data)
            image.setdefault("mimeType", kind)


def _merge_buffers(gltf: Gltf, buffers: list[dict], outside: list[int], folder: Path | None) -> None:
    """Buffers with an address follow buffer 0's own bytes, and the views move with them."""
    place: dict[int, tuple[int, int]] = {}  # old buffer -> new buffer, first byte in it
    binary, kept = bytearray(gltf.binary), []
    if buffers[0].get("uri") is None:
        place[0] = (0, 0)
        kept.append(buffers[0])
    else:
        kept.append({key: value for key, value in buffers[0].items() if key != "uri"})
    for i, buffer in enumerate(buffers):
        if i in outside:
            data, _ = resource(buffer["uri"], folder)
            size = buffer.get("byteLength", len(data))
            if not isinstance(size, int) or size > len(data):
                raise InputError(f"the head is cut off: buffer {i} has {len(data)} of {size} bytes")
            binary += bytes(-len(binary) % 4)
            place[i] = (0, len(binary))
            binary += data[:size]
        elif i not in place:
            place[i] = (len(kept), 0)
            kept.append(buffer)
    for view in gltf.items("bufferViews"):
        extensions = view.get("extensions", {})
        for owner in [view, *(extensions[name] for name in COMPRESSED if name in extensions)]:
            if owner.get("buffer") not in place:
                raise InputError("the head is damaged: a buffer view names a buffer that is not there")
            new, first = place[owner["buffer"]]
            if first:
                owner["byteOffset"] = owner.get("byteOffset", 0) + first
            owner["buffer"] = new
    kept[0]["byteLength"] = len(binary)
    gltf.document["buffers"], gltf.binary = kept, bytes(binary)
