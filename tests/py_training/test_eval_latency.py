"""The latency command: what profiles mean, and its report."""

import json

import numpy as np
import pytest
from corpus_makers import add_utterance

from training.eval import __main__ as command
from training.eval import latency
from training.eval.baselines import LoudnessJaw

PHONES = [["SIL", 0, 0.3], ["M", 0.3, 0.4], ["AA", 0.4, 0.55], ["P", 0.55, 0.65], ["IY", 0.65, 0.8], ["SIL", 0.8, 1.2]]


def test_latency_is_what_the_bundle_format_says():
    # docs/bundle-format.md: the window can run when sample (g (H (k+1) + L) / a - 1) * 160 + 199 has arrived.
    for hop, look in ((3, 0), (6, 6), (36, 12)):
        last_sample = (10 * (hop + look) // 3 - 1) * 160 + 199
        assert latency.latency_ms((12, hop, look)) == pytest.approx((last_sample + 1) / 16)


@pytest.mark.parametrize("text", ["12/6", "a/b/c", "12/0/6", "12/6/5", "-3/6/6"])
def test_impossible_profiles_are_named(text):
    with pytest.raises(ValueError, match=f"--profile {text}"):
        latency.parse_profile(text)


@pytest.mark.slow
def test_command_writes_a_row_per_profile(tmp_path, monkeypatch, capsys):
    audio = np.random.default_rng(0).standard_normal(19200) * 0.1
    add_utterance(tmp_path / "corpus", "u0", audio, PHONES, "test")
    asked = []

    class Fake:
        default_identity = "neutral"

        def __init__(self, path, steps, profile):
            asked.append((path.name, steps, profile))

        def __call__(self, audio, identities, emotions=None):
            return LoudnessJaw()(audio, identities)

    monkeypatch.setattr(latency, "CheckpointAnimator", Fake)
    arguments = ["latency", "--corpus", str(tmp_path / "corpus"), "--model", "m.safetensors", "--steps", "4"]
    assert command.main([*arguments, "--profile", "21/3/0", "--profile", "18/6/6", "--out", str(tmp_path / "out")]) == 0
    assert asked == [("m.safetensors", 4, (21, 3, 0)), ("m.safetensors", 4, (18, 6, 6))]
    rows = json.loads((tmp_path / "out" / "scores.json").read_text())["rows"]
    assert [r["name"] for r in rows] == ["21/3/0", "18/6/6"] and rows[0]["latency_ms"] < rows[1]["latency_ms"]
    assert rows[0]["n_closures"] > 0 and (tmp_path / "out" / "latency.png").stat().st_size > 1000
    assert "21/3/0" in capsys.readouterr().out


def test_wrong_arguments_end_in_a_sentence(tmp_path, capsys):
    arguments = ["latency", "--corpus", str(tmp_path), "--model", "base", "--out", str(tmp_path / "out")]
    assert command.main([*arguments, "--profile", "1/2/3"]) == 2
    assert "multiple of 3" in capsys.readouterr().err
