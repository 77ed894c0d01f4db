"""python -m benchmarks.inputs: animates every kind of input, and writes the table of what came of them."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

import diffusiontalker as dt
from benchmarks.inputs import ffmpeg_kinds, header_kinds, mp3_kinds, plain_kinds, raw_kinds
from benchmarks.inputs.forms import FORMS
from benchmarks.inputs.kinds import Clip, Kind, wav
from benchmarks.inputs.measure import Judge, Result
from benchmarks.inputs.places import PLACES
from diffusiontalker.io.sound import libav

HERE = Path(__file__).parent
TABLE = HERE / "TABLE.md"
SPEECH = HERE.parents[1] / "examples" / "speech.wav"

GROUPS: dict[str, list[Kind]] = {
    "Widths of WAV": plain_kinds.WIDTHS,
    "Formats": plain_kinds.FORMATS,
    "Rates": plain_kinds.RATES,
    "Channels": plain_kinds.CHANNELS,
    "Levels": plain_kinds.LEVELS,
    "MP3": mp3_kinds.MP3,
    "Length not known": header_kinds.UNKNOWN_LENGTH,
    "Length wrong": header_kinds.WRONG_LENGTH,
    "Recordings behind each other": header_kinds.BEHIND_EACH_OTHER,
    "Around the sound": header_kinds.EXTRAS,
    "No sound": header_kinds.NO_SOUND,
    "Raw samples": raw_kinds.RAW,
    "Made by ffmpeg": ffmpeg_kinds.KINDS,
}


def speech(seconds: float | None = None) -> Clip:
    samples, rate = soundfile.read(SPEECH, dtype="float32")
    return Clip(samples if seconds is None else samples[: round(seconds * rate)], rate)


def usable(kind: Kind) -> bool:
    """Whether what a kind needs is installed."""
    if "ffmpeg" in kind.needs and not ffmpeg_kinds.is_there():
        return False
    return "PyAV" not in kind.needs or libav.is_installed()


def all_results(
    judge: Judge, options: list[str], report: Callable[[str, Result], None]
) -> Iterator[tuple[str, Result]]:
    """(group, result) of everything that can be tried here."""

    def tried(group: str, result: Result) -> tuple[str, Result]:
        report(group, result)
        return group, result

    with tempfile.TemporaryDirectory() as top:
        for group, kinds in GROUPS.items():
            for kind in filter(usable, kinds):
                yield tried(group, judge.of_kind(kind, Path(top)))
        for form in FORMS:
            yield tried("Given by a program", judge.of_form(form, Path(top)))
    data = wav(judge.clip)
    for place in PLACES:
        with tempfile.TemporaryDirectory() as top:
            folder = Path(top) / "here"
            folder.mkdir()
            yield tried("Names and places (command line)", judge.of_place(place, folder, data, options))


def row(result: Result) -> str:
    made = "refused" if result.frames is None else f"{result.frames[0]} of {result.frames[1]}"
    r = "" if result.r is None or result.r < 0 else f"{min(result.r, 1):.3f}"
    said = re.sub(rf"{re.escape(tempfile.gettempdir())}/\S+/", "", " ".join(result.said.split())).replace("|", "\\|")
    verdict = "ok" if not result.faults else "**" + "; ".join(result.faults).replace("\n", " ") + "**"
    return f"| {result.name} | {made} | {r} | {shortened(said)} | {verdict} |"


def shortened(text: str, n: int = 150) -> str:
    """Without folders' random names and s's of long names, at most n letters."""
    text = text.replace("s" * 200, "s...")
    return text if len(text) <= n else text[: n - 3] + "..."


def table(results: list[tuple[str, Result]], bundle: str, seconds: float) -> str:
    n_right = sum(not result.faults for _, result in results)
    lines = [
        "# Sound inputs tried",
        "",
        f"{len(results)} inputs, {n_right} as they should be. Made by `python -m benchmarks.inputs --write` with the "
        f"bundle `{bundle}` from {seconds:.1f} s of `examples/speech.wav`, on libsndfile "
        f"{soundfile.__libsndfile_version__} ({'with' if libav.is_installed() else 'without'} PyAV).",
        "",
        "`frames` are made and expected. `r` is the correlation of the lip gap with that of the clean take.",
    ]
    for group in dict.fromkeys(group for group, _ in results):
        lines += ["", f"## {group}", "", "| input | frames | r | what was said | verdict |", "|---|---|---|---|---|"]
        lines += [row(result) for of, result in results if of == group]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inputs", description=__doc__)
    parser.add_argument("--bundle", default="base", help="bundle to animate with (default: base)")
    parser.add_argument("--seconds", type=float, help="of the recording (default: all 7.1)")
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    args = parser.parse_args()
    judge = Judge(dt.load(args.bundle), speech(args.seconds))

    def report(group: str, result: Result) -> None:
        print(f"{'ok   ' if not result.faults else 'FAULT'} {group}: {result.name}", *result.faults, flush=True)

    results = list(all_results(judge, ["--bundle", args.bundle], report))
    skipped = [k.name for kinds in GROUPS.values() for k in kinds if not usable(k)]
    n_wrong = sum(bool(result.faults) for _, result in results)
    print(f"{len(results)} inputs, {n_wrong} faults, {len(skipped)} left out for want of ffmpeg or PyAV")
    if args.write:
        TABLE.write_text(table(results, args.bundle, judge.clip.duration_s), encoding="utf-8")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONIOENCODING", "utf-8")
    np.seterr(all="ignore")
    sys.exit(main())
