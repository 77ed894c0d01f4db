"""The table of what prepared clips hold."""

from training.data.summary import as_markdown, summary_rows
from training.prepared.clips import Clip

FRAMES_PER_HOUR = 30 * 3600


def clip(utterance, speaker, speech_hours, split="train"):
    frames = round(speech_hours * FRAMES_PER_HOUR)
    return Clip(utterance, split, speaker, 0, 0, 0, frames + 48, 24, frames)


def test_recording_conditions_count_once_and_together():
    clips = [
        clip("flite-slt-000001", "flite:slt", 0.5),
        clip("flite-slt-000001", "flite:slt~fast", 0.25),
        clip("flite-rms-000002", "flite:rms", 1.0),
        clip("flite-rms-000003", "flite:rms", 0.125, "val"),
        clip("real-103-1240-0000", "real:103", 2.0),
    ]
    rows = summary_rows(clips, 30)
    assert rows == [
        ("flite", "train", 2, 2, 1.5, 1.75),
        ("flite", "val", 1, 1, 0.125, 0.125),
        ("real", "train", 1, 1, 2.0, 2.0),
    ]
    table = as_markdown(rows).splitlines()
    assert table[2] == "| flite | train | 2 | 2 | 1.50 | 1.75 |"
    assert len({line.count("|") for line in table}) == 1
