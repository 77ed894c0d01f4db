"""Mouth cues in the files of Rhubarb Lip Sync: TSV, XML, JSON, and the switch data (DAT) of Moho and OpenToonz.

Shapes are A to H and X. The layouts are those of Rhubarb's manual ("Output formats") and of its exporters, so that
programs which read its files read these: times have two decimals, TSV and DAT close with the mouth at rest."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from diffusiontalker.io.formats.checks import json_object, text_of
from diffusiontalker.io.formats.cues import cues_of, motion_of
from diffusiontalker.io.formats.record import Cue, Format, Motion, Unusable

ALPHABET = "rhubarb"
# Names of the drawings after Preston Blair, which OpenToonz takes; Rhubarb's manual has the table.
PRESTON_BLAIR = {"A": "MBP", "B": "etc", "C": "E", "D": "AI", "E": "O", "F": "U", "G": "FV", "H": "L", "X": "rest"}
_MAX_CUES = 200_000
_DAT_FPS = 24  # Rhubarb's default, for files that are read: they hold no rate


def _seconds(time: Fraction) -> str:
    return f"{float(time):.2f}"


def _sound(anim) -> str:
    return "" if getattr(anim, "audio_path", None) is None else str(anim.audio_path)


def _ended(anim) -> tuple[list[Cue], Fraction]:
    cues = cues_of(anim, ALPHABET) or [Cue(Fraction(0), Fraction(0), "X")]
    return cues, cues[-1].end


def write_tsv(anim, f: BinaryIO) -> None:
    """A line per cue: its start in seconds, a tab, its shape; the last line is the end with the shape X."""
    cues, end = _ended(anim)
    lines = [f"{_seconds(c.start)}\t{c.shape}" for c in cues] + [f"{_seconds(end)}\tX"]
    f.write(("\n".join(lines) + "\n").encode())


def write_xml(anim, f: BinaryIO) -> None:
    """rhubarbResult with metadata (soundFile, duration) and mouthCues."""
    cues, end = _ended(anim)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>', "<rhubarbResult>", "  <metadata>",
        f"    <soundFile>{escape(_sound(anim))}</soundFile>", f"    <duration>{_seconds(end)}</duration>",
        "  </metadata>", "  <mouthCues>",
        *(f'    <mouthCue start="{_seconds(c.start)}" end="{_seconds(c.end)}">{c.shape}</mouthCue>' for c in cues),
        "  </mouthCues>", "</rhubarbResult>",
    ]  # fmt: skip
    f.write(("\n".join(lines) + "\n").encode())


def write_json(anim, f: BinaryIO) -> None:
    """An object with metadata (soundFile, duration) and mouthCues of start, end and value."""
    cues, end = _ended(anim)
    rows = [f'    {{ "start": {_seconds(c.start)}, "end": {_seconds(c.end)}, "value": "{c.shape}" }}' for c in cues]
    sound = json.dumps(_sound(anim), ensure_ascii=False)
    lines = [
        "{", '  "metadata": {', f'    "soundFile": {sound},', f'    "duration": {_seconds(end)}', "  },",
        '  "mouthCues": [', ",\n".join(rows), "  ]", "}",
    ]  # fmt: skip
    f.write(("\n".join(lines) + "\n").encode())


def write_dat(anim, f: BinaryIO) -> None:
    """MohoSwitch1, then a frame number from 1 and a name after Preston Blair per cue, at the animation's frame rate;
    the last line closes the mouth. Of cues that begin in one frame, closed lips are kept, or else the first."""
    cues, end = _ended(anim)
    rate = Fraction(anim.fps_num, anim.fps_den)
    shown: dict[int, str] = {}
    for cue in cues:
        frame = 1 + int(rate * cue.start)
        if frame not in shown or cue.shape == "A":
            shown[frame] = cue.shape
    last = max(1 + int(rate * end), max(shown) + 1)
    lines = [f"{frame} {PRESTON_BLAIR[shape]}" for frame, shape in shown.items()] + [f"{last} rest"]
    f.write(("\n".join(["MohoSwitch1", *lines]) + "\n").encode())


def _time(value: Any) -> Fraction:
    try:
        time = Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        raise Unusable(f"has the time {str(value)[:20]!r}, expected seconds") from None
    if not 0 <= time < 10**6:
        raise Unusable(f"has the time {str(value)[:20]}, expected seconds from 0")
    return time


def _in_a_row(starts: Sequence[tuple[Fraction, str]]) -> list[Cue]:
    """Cues of their starts; the last start is the end."""
    if not 2 <= len(starts) <= _MAX_CUES:
        raise Unusable(f"has {len(starts)} lines of cues, expected 2..{_MAX_CUES}")
    return [Cue(start, end, shape) for (start, shape), (end, _) in pairwise(starts)]


def read_tsv(path: Path) -> Motion:
    """Starts and shapes; the last line is the end."""
    lines = [line.split("\t") for line in text_of(path).splitlines() if line.strip()]
    wrong = next((i for i, line in enumerate(lines) if len(line) != 2), None)
    if wrong is not None:
        raise Unusable(f"has no time, tab and mouth shape in line {wrong + 1}")
    return motion_of(_in_a_row([(_time(time), shape.strip()) for time, shape in lines]), ALPHABET)


def read_xml(path: Path) -> Motion:
    """The mouthCue elements. The text is searched and not parsed, so that no entity of a file is ever expanded."""
    text = text_of(path)
    if "<rhubarbResult" not in text:
        raise Unusable("has no rhubarbResult")
    found = re.findall(
        r'<mouthCue\s+start\s*=\s*"([^"<>]*)"\s+end\s*=\s*"([^"<>]*)"\s*>\s*([^<>]*?)\s*</mouthCue>', text
    )
    if text.count("<mouthCue ") != len(found):
        raise Unusable("has a mouthCue without start, end and shape")
    return motion_of([Cue(_time(start), _time(end), shape) for start, end, shape in found[:_MAX_CUES]], ALPHABET)


def read_json(path: Path) -> Motion:
    """The mouthCues of start, end and value."""
    cues = json_object(path, "mouthCues").get("mouthCues")
    if not isinstance(cues, list) or not all(isinstance(c, dict) and {"start", "end", "value"} <= set(c) for c in cues):
        raise Unusable("has no list of mouthCues with start, end and value")
    return motion_of([Cue(_time(c["start"]), _time(c["end"]), str(c["value"])) for c in cues[:_MAX_CUES]], ALPHABET)


def read_dat(path: Path) -> Motion:
    """Frame numbers from 1 and names, after Preston Blair or the letters. The file holds no rate: 24 is taken."""
    lines = [line.split() for line in text_of(path).splitlines() if line.strip()]
    if not lines or lines[0] != ["MohoSwitch1"]:
        raise Unusable("does not begin with MohoSwitch1")
    letters = {name: letter for letter, name in PRESTON_BLAIR.items()} | {letter: letter for letter in PRESTON_BLAIR}
    letters["E"] = "C" if any(line[-1] in ("MBP", "etc", "AI", "rest") for line in lines) else "E"
    starts = []
    for line in lines[1:]:
        if len(line) != 2 or not line[0].isdigit() or line[1] not in letters:
            raise Unusable(f"has the line {' '.join(line)[:40]!r}, expected a frame number and a mouth shape")
        # The hundredth of a second at which the frame has begun, so that the same frame is written again.
        hundredths = -(-100 * max(0, int(line[0]) - 1) // _DAT_FPS)
        starts.append((_time(Fraction(hundredths, 100)), letters[line[1]]))
    if starts and starts[0][0] > 0:
        starts.insert(0, (Fraction(0), "X"))
    return motion_of(_in_a_row(starts), ALPHABET, (f"DAT holds no frame rate: {_DAT_FPS} is taken",))


_REMEDY = "export it from Rhubarb Lip Sync again"
TSV = Format((".tsv",), write_tsv, read_tsv, "Rhubarb's mouth cues, a line each", to_stdout=True, is_text=True,
             holds_pose=False, remedy=_REMEDY)  # fmt: skip
XML = Format((".xml",), write_xml, read_xml, "Rhubarb's mouth cues as XML", to_stdout=True, is_text=True,
             holds_pose=False, remedy=_REMEDY)  # fmt: skip
JSON = Format((".rhubarb.json",), write_json, read_json, "Rhubarb's mouth cues as JSON", to_stdout=True, is_text=True,
              holds_pose=False, remedy=_REMEDY, recognises=lambda beginning: b'"mouthCues"' in beginning)  # fmt: skip
DAT = Format((".dat",), write_dat, read_dat, "switch data for Moho and OpenToonz", to_stdout=True, is_text=True,
             holds_pose=False, rates=(Fraction(_DAT_FPS),), remedy="export it as switch data again")  # fmt: skip
