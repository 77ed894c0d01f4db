"""Diagrams of the architecture page as SVG, drawn from the sources so that they cannot fall behind."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

WIDTH, LINE, GAP = 760, 58, 10
STYLE = """<style>text{font-family:system-ui,sans-serif;fill:#1d2433}.n{font-weight:600;font-size:15px}
.d{font-size:12px;fill:#4a5468}.b{fill:#e9edf8;stroke:#8c9bc4}.f{font-size:11px;fill:#6b7590}.a{stroke:#8c9bc4;
stroke-width:1.5;fill:none}</style>"""

# What each folder of csrc is for, in the words that fit into a box.
ROOMS = {
    "include": "the C ABI",
    "common": "errors, log, JSON, hashes",
    "kernels": "formulas, on host and GPU",
    "audio": "resampling, log-mel",
    "raster": "draws triangles",
    "core": "bundles, backend interface",
    "backends/reference": "plain loops",
    "backends/cpu": "processors",
    "backends/openvino": "processors, by OpenVINO",
    "backends/gpu": "the loop on a GPU",
    "backends/tensorrt": "NVIDIA engines",
    "runtime": "models, streams, scheduler",
    "api": "the functions of dt.h",
    "bindings": "the Python module",
}

# The way of a sample: (what happens, where).
WAY = (
    ("push: samples in any pieces, at any rate", "csrc/api, csrc/runtime/stream"),
    ("mix to mono, resample to 16 kHz", "csrc/audio"),
    ("log-mel: 80 bands, every 10 ms", "csrc/audio, csrc/runtime/front_end"),
    ("window: past, hop and lookahead are complete", "csrc/runtime/segment"),
    ("audio encoder, once per window", "csrc/backends"),
    ("denoiser and DDIM update, 8 or 2 times", "csrc/core, csrc/kernels"),
    ("weights in their units and limits", "csrc/kernels/denormalise"),
    ("smoothing, lip seal, silence gate, head pose", "csrc/runtime/post, head_pose"),
    ("pull: frames with their index", "csrc/api, csrc/runtime/frame_queue"),
)


def all_diagrams(root: Path) -> dict[str, str]:
    """File name -> SVG."""
    return {"floors.svg": floors(root / "csrc"), "sample.svg": sample()}


def includes(csrc: Path) -> dict[str, set[str]]:
    """Folder of csrc -> the folders whose headers it includes; a folder of backends/ counts by itself."""
    arrows: dict[str, set[str]] = {}
    for path in sorted(p for p in csrc.rglob("*") if p.suffix in (".h", ".hpp", ".cpp", ".cu", ".c")):
        source = _room(path.relative_to(csrc).as_posix())
        arrows.setdefault(source, set())
        for target in re.findall(r'^\s*#\s*include\s+"([^"]+/[^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE):
            if _room(target) != source:
                arrows[source].add(_room(target))
    arrows["bindings"].add("api")  # it links to the library behind the headers
    return arrows


def _room(path: str) -> str:
    parts = path.split("/")
    if parts[0] in ("include", "dt"):
        return "include"
    return "/".join(parts[:2]) if parts[0] == "backends" else parts[0]


def levels(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Floors from the ground up: a room stands one floor above the highest room that it includes."""
    height: dict[str, int] = {}

    def floor_of(room: str) -> int:
        if room not in height:
            height[room] = 1 + max((floor_of(below) for below in arrows.get(room, ())), default=-1)
        return height[room]

    for room in arrows:
        floor_of(room)
    return [sorted(r for r in height if height[r] == n) for n in range(max(height.values()) + 1)]


def floors(csrc: Path) -> str:
    rows = list(reversed(levels(includes(csrc))))
    body = []
    for i, rooms in enumerate(rows):
        width = (WIDTH - GAP * (len(rooms) - 1)) / len(rooms)
        for j, room in enumerate(rooms):
            body.append(_box(j * (width + GAP), i * (LINE + GAP), width, room, ROOMS.get(room, "")))
    return _svg(len(rows) * (LINE + GAP), body, "Folders of csrc as floors; each includes only what is below it")


def sample() -> str:
    step, body = LINE + 22, []
    for i, (what, where) in enumerate(WAY):
        body.append(_box(90, i * step, WIDTH - 180, what, where))
        if i + 1 < len(WAY):
            y = i * step + LINE
            body.append(f'<path class="a" d="M{WIDTH / 2} {y}v18m-5 -6l5 6l5 -6"/>')
    return _svg(len(WAY) * step, body, "The way of a sample through the runtime")


def _box(x: float, y: float, width: float, name: str, what: str) -> str:
    middle = x + width / 2
    return (
        f'<rect class="b" x="{x + 1:.0f}" y="{y + 1:.0f}" width="{width - 2:.0f}" height="{LINE - 2}" rx="6"/>'
        f'<text class="n" x="{middle:.0f}" y="{y + 24:.0f}" text-anchor="middle">{escape(name)}</text>'
        f'<text class="d" x="{middle:.0f}" y="{y + 43:.0f}" text-anchor="middle">{escape(what)}</text>'
    )


def _svg(height: float, body: list[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {WIDTH + 16} {height + 8:.0f}" role="img">'
        f"<title>{escape(title)}</title>{STYLE}"
        f'<rect x="-8" y="-8" width="{WIDTH + 16}" height="{height + 8:.0f}" fill="#ffffff"/>{"".join(body)}</svg>\n'
    )
