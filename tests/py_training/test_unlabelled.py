"""Speech without labels becomes clips of mel and features only."""

import numpy as np
import pytest
import soundfile as sf

from training.data import unlabelled
from training.prepared.motion_space import MotionSpace


class LoudnessEncoder:
    """A stand-in for a large encoder: one number per 20 ms, the loudness around it."""

    name, layer, dim, weights_sha256 = "loudness", 0, 1, "0" * 64

    def __call__(self, audio):
        padded = np.pad(audio, (160, 480))
        return np.array([[np.abs(padded[i : i + 320]).mean()] for i in range(0, len(audio), 320)], np.float32)


@pytest.fixture
def job(tmp_path):
    rng = np.random.default_rng(0)
    sound = 0.1 * rng.standard_normal(22050 * 14).astype(np.float32)
    sf.write(tmp_path / "1234-5-0001.wav", np.stack([sound, sound], axis=1), 22050)
    motion = MotionSpace("blendshapes", 3, ("a", "b", "c"))
    return unlabelled.Job(tmp_path / "1234-5-0001.wav", motion, n_variants=3, seed=0)


def test_long_recordings_are_cut_and_short_rests_left_out(job):
    pieces = unlabelled.read_pieces(job.path)
    assert [len(p) / 16000 for p in pieces] == [12.0, pytest.approx(2.0, abs=1e-3)]


def test_features_mel_and_frames_line_up(job, monkeypatch):
    monkeypatch.setattr(unlabelled, "worker_encoder", LoudnessEncoder)
    clips = unlabelled.clips_of(job)
    assert [c["utterance"] for c in clips] == ["real-1234-5-0001"] * 3 + ["real-1234-5-0001+1"] * 3
    for clip in clips:
        n = len(clip["motion"])
        assert len(clip["features"]) == n and len(clip["mel"]) * 3 == n * 10 and n % 3 == 0
        assert clip["identity"] == clip["emotion"] == -1 and clip["speaker"].startswith("real:1234")
        loud = clip["features"][:, 0].astype(np.float32)
        inside = slice(clip["speech_frame"] + 2, clip["speech_frame"] + clip["speech_frames"] - 2)
        assert loud[inside].min() > 0.2 * loud.max() and loud[: clip["speech_frame"] - 2].max() == 0
