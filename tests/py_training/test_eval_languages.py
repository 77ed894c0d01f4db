"""`training.eval languages`: held-out speech of other languages, and what is scored on it."""

import json

import numpy as np
import pytest

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.corpus import plan, text
from training.corpus.engines import EngineMissing
from training.corpus.languages.held_out import speak_held_out
from training.eval import __main__ as command
from training.eval import languages as evaluation
from training.eval.models import ModelSpec


def spoken(language, n=3, seed=1):
    try:
        return speak_held_out(language, n, seed)
    except EngineMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
def test_held_out_speech_is_of_held_out_speakers_and_test_sentences():
    said = spoken("es", 6)
    assert {u.voice.partition("+")[2] for u in said} == set(plan.HELD_OUT_SPEAKERS)
    for u in said:
        assert text.split_of(u.text) == "test" and u.language == "es"
        assert 2 <= len(u.audio) / 16000 <= 8
        assert u.phones[0][1] == 0 and u.phones[-1][2] == pytest.approx(len(u.audio) / 16000)
    assert [u.text for u in said] == [u.text for u in spoken("es", 6)]
    assert [u.text for u in said] != [u.text for u in spoken("es", 6, seed=2)]


class Shut:
    default_identity, n_steps = "someone", 4

    def __call__(self, audio, identities, emotions=None):
        assert identities == ["someone"] * len(audio)
        return [np.zeros((-(-len(a) * 30 // 16000), len(ARKIT_CHANNELS))) for a in audio]


@pytest.fixture
def report(tmp_path, monkeypatch):
    spoken("de")
    (tmp_path / "model").mkdir()
    monkeypatch.setattr(ModelSpec, "open", lambda *a, **k: Shut())
    argv = ["languages", "--model", f"shut={tmp_path / 'model'}", "--language", "de", "ja", "--utterances", "3"]
    assert command.main([*argv, "--out", str(tmp_path / "out")]) == 0
    return json.loads((tmp_path / "out" / "scores.json").read_text())


@pytest.mark.slow
def test_every_language_has_a_row_beside_the_rules_and_the_loudness_jaw(report):
    rows = {row["name"]: row for row in report["rows"]}
    assert list(rows) == [
        *(f"{m}: {x}" for m in ("shut", "loudness jaw") for x in ("German", "Japanese", "all")),
        evaluation.RULES + ": all",
    ]  # fmt: skip
    shut, rules = rows["shut: all"], rows[evaluation.RULES + ": all"]
    assert shut["closure_rate"] == 1 and shut["false_contacts"] == 1 and shut["rules_correlation"] == 0
    assert shut["n_closures"] == rows["shut: German"]["n_closures"] + rows["shut: Japanese"]["n_closures"] > 0
    assert rules["closure_rate"] > 0.9 and rules["false_contacts"] < 0.3
    assert report["about"]["utterances"] == 3 and report["about"]["languages"] == ["de", "ja"]


def test_no_utterances_are_one_clear_sentence(tmp_path, capsys):
    assert command.main(["languages", "--utterances", "0", "--out", str(tmp_path)]) == 2
    assert "--utterances is 0, expected 1 or more" in capsys.readouterr().err
