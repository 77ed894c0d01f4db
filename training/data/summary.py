"""What prepared clips hold, as the table of the model cards: `python -m training.data.summary --clips DIR ...`"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.loop.errors import reports_errors
from training.prepared.clips import Clip, ClipSet


def voices_of(clip: Clip) -> str:
    """The engine or data set: utterances are named `engine-voice-number`."""
    return clip.utterance.split("-", 1)[0]


def hours(clips: list[Clip], fps: float) -> float:
    """Of the recordings themselves, without the silence around them."""
    return sum(c.speech_frames for c in clips) / fps / 3600


def summary_rows(clips: list[Clip], fps: float) -> list[tuple[str, str, int, int, float, float]]:
    """(voices, split, speakers, utterances, hours heard once, hours in all recording conditions), sorted."""
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        groups.setdefault((voices_of(clip), clip.split), []).append(clip)
    rows = []
    for (voices, split), members in sorted(groups.items()):
        # Conditions change the speed of speech; the longest stands for the utterance itself.
        once = {c.utterance: c for c in sorted(members, key=lambda c: c.speech_frames)}
        speakers = {c.speaker.split("~")[0] for c in members}  # "~fast" and "~slow" are the same throat
        rows.append((voices, split, len(speakers), len(once), hours([*once.values()], fps), hours(members, fps)))
    return rows


def as_markdown(rows: list[tuple[str, str, int, int, float, float]]) -> str:
    lines = [
        "| voices | split | speakers | utterances | hours, once | hours, all conditions |",
        "|---|---|---|---|---|---|",
    ]
    lines += [f"| {v} | {s} | {n} | {u} | {once:.2f} | {every:.2f} |" for v, s, n, u, once, every in rows]
    return "\n".join(lines)


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, nargs="+", required=True)
    clips = ClipSet(*parser.parse_args().clips)
    motion = clips.info.motion
    print(as_markdown(summary_rows(clips.clips, motion.fps)))


if __name__ == "__main__":
    main()
