"""The evaluation commands from arguments to files, with made-up models."""

import json
import math
import zlib

import numpy as np
import pytest
import soundfile as sf
from corpus_makers import add_utterance

from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.articulation.generate import animate_phones
from training.articulation.style import library_styles
from training.eval import __main__ as command
from training.eval import held_out
from training.eval.baselines import ConstantBaseline, LoudnessBaseline, LoudnessJaw, frame_count, loudness_at_frames
from training.eval.held_out import load_held_out
from training.eval.models import ModelSpec, parse_models
from training.eval.plots import plot_steps
from training.eval.regions import head_regions
from training.eval.report import Column, Row, markdown_table
from training.eval.scoring import score_diversity, score_motion, time_per_frame

PHONES = [["SIL", 0, 0.3], ["M", 0.3, 0.4], ["AA", 0.4, 0.55], ["P", 0.55, 0.65], ["IY", 0.65, 0.8], ["SIL", 0.8, 1.2]]


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    rng = np.random.default_rng(0)
    for k, split in enumerate(("test", "test", "val", "test")):
        audio = rng.standard_normal(19200 + 3200 * k) * 0.1
        audio[:4800] *= 0.001
        add_utterance(folder, f"u{k}", audio, PHONES, split)
    return folder


class FakeModel:
    """A loudness-driven jaw with more error the fewer steps it has."""

    default_identity = "neutral"

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def __call__(self, audio, identities, emotions=None):
        return [w + 0.3 / self.n_steps for w in LoudnessJaw()(audio, identities)]


def test_models_are_read_from_name_path_and_steps():
    read = parse_models(["base=a/b", "teacher=x.safetensors@256,8", "odd=dir@home/x"])
    assert [(s.name, str(s.path), s.n_steps) for s in read] == [
        ("base", "a/b", None),
        ("teacher", "x.safetensors", 256),
        ("teacher", "x.safetensors", 8),
        ("odd", "dir@home/x", None),
    ]
    for wrong in ("nothing", "=x", "a=", "a=x@0"):
        with pytest.raises(ValueError, match="--model"):
            parse_models([wrong])


def test_missing_model_and_steps_of_a_bundle_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no .*gone"):
        ModelSpec("m", tmp_path / "gone").open()
    with pytest.raises(ValueError, match="own steps"):
        ModelSpec("m", tmp_path, 8).open()


def test_limit_spreads_over_the_split(corpus):
    assert load_held_out(corpus, "test", 2).ids == ["u0", "u3"]
    with pytest.raises(FileNotFoundError, match="'train'"):
        load_held_out(corpus, "train")


def test_without_moods_the_recordings_stay_as_they_are(corpus):
    data = load_held_out(corpus)
    assert data.emotions == ["neutral"] * 3
    assert [len(a) for a in data.audio] == [19200, 22400, 28800] and data.phones[0] == [tuple(p) for p in PHONES]


def test_moods_change_voice_phones_and_truth_together(corpus, monkeypatch):
    plain, data, again = load_held_out(corpus), load_held_out(corpus, moods=True), load_held_out(corpus, moods=True)
    assert data.emotions == again.emotions and len(set(data.emotions)) > 1
    for k, emotion in enumerate(data.emotions):
        assert (data.audio[k] == again.audio[k]).all() and len(data.truth[k]) == frame_count(data.audio[k])
        tempo = plain.phones[k][-1][2] / data.phones[k][-1][2]
        assert abs(len(plain.audio[k]) / len(data.audio[k]) - tempo) < 1e-3
        times = np.arange(len(data.truth[k])) / 30
        style, key = library_styles()[data.identities[k]], zlib.crc32(data.ids[k].encode())
        truth = animate_phones(data.phones[k], data.audio[k], 16000, times, style, key, emotion)
        assert (truth == data.truth[k]).all()
    monkeypatch.setattr(held_out, "act", lambda audio, emotion, rng: (audio[: len(audio) // 2], 2.0))
    half = load_held_out(corpus, moods=True)
    assert half.phones[0][1] == ("M", 0.15, 0.2) and len(half.truth[0]) == 18


def test_the_truth_scores_perfectly_and_a_shifted_jaw_does_not(corpus):
    data = load_held_out(corpus)
    perfect = score_motion(data, data.truth)
    for name in ("lve_mm2", "lve_mm", "mve_mm", "fdd_mm2", "fdd_abs_mm2", "eve_mm2", "mod_mm", "lbe", "beat_mve"):
        assert perfect[name] == 0
    assert perfect["closure_rate"] == perfect["silence_rest"] == perfect["jaw_correlation"] == pytest.approx(1)
    assert perfect["n_closures"] == 6 and perfect["n_utterances"] == 3
    wrong = [w.copy() for w in data.truth]
    for w in wrong:
        w[:, CHANNEL_INDEX["jawOpen"]] += 0.2
    scores = score_motion(data, wrong)
    # jawOpen 0.2 lowers the lower lip by about 0.1 interocular distances of 61.6 mm.
    assert 4 < scores["lve_mm"] < 10 and scores["closure_rate"] == scores["silence_rest"] == 0
    assert scores["lve_mm2"] == pytest.approx(scores["lve_mm"] ** 2, rel=0.01)
    assert abs(scores["fdd_mm2"]) < 0.02  # the jaw pulls a little at the cheeks


def test_motion_of_another_length_is_refused(corpus):
    data = load_held_out(corpus)
    with pytest.raises(ValueError, match="not finite"):
        data.animate(lambda audio, identities, emotions: [t[1:] for t in data.truth])


def test_diversity_and_time_use_the_animator_per_clip(corpus):
    data = load_held_out(corpus, limit=2)
    constant = {"a": 0.0, "b": 0.5}

    def animator(audio, identities, emotions):
        assert len(emotions) == len(audio)
        out = [np.zeros((len(a) * 30 // 16000, 52)) for a in audio]
        for weights, identity in zip(out, identities, strict=True):
            weights[:, CHANNEL_INDEX["jawOpen"]] = constant[identity]
        return out

    alone = score_diversity(data, animator, ["a", "a"])
    assert alone == 0 and score_diversity(data, animator, ["a", "b"]) > 0.1
    ticks = iter([0.0, 1.2])
    data.identities = ["a", "a"]
    times = time_per_frame(data, animator, clock=lambda: next(ticks))
    assert times["ms_per_frame"] == pytest.approx(1200 / sum(map(len, data.truth)))


def test_regions_of_the_head_are_where_they_should_be():
    regions = head_regions()
    height = regions.template[:, 1]
    # The origin is between the eyes; the mouth is about 68 mm below it.
    assert height[regions.lips].max() < -0.04 and height[regions.eyes].min() > -0.02
    assert set(regions.eyes) < set(regions.upper) and not set(regions.upper) & set(regions.lips)
    assert regions.lip_pairs.shape == (5, 2) and 200 < len(regions.lips) < 700
    gaps = np.linalg.norm(np.diff(regions.template[regions.lip_pairs], axis=1), axis=-1)
    assert gaps.max() < 0.003


@pytest.mark.slow
def test_evaluate_writes_table_json_and_plots(corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ModelSpec, "open", lambda self, *rest: FakeModel(self.n_steps))
    out = tmp_path / "out"
    arguments = ["evaluate", "--corpus", str(corpus), "--model", "m=x@8,1", "--out", str(out), "--timed-clips", "1"]
    assert command.main([*arguments, "--baselines", "--diversity", "1", "--moods"]) == 0
    content = json.loads((out / "scores.json").read_text())
    rows = {(r["name"], r["n_steps"]): r for r in content["rows"]}
    assert list(rows) == [("truth", None), ("m", 8), ("m", 1), ("constant", None), ("loudness", None)]
    assert rows["m", 1]["lve_mm"] > rows["m", 8]["lve_mm"] > 0 and rows["m", 8]["ms_per_frame"] > 0
    assert rows["constant", None]["av_offset_ms"] is None
    assert content["about"]["moods"] is True
    environment = content["environment"]
    assert environment["cpu"] and environment["torch_threads"] == 1 and environment["packages"]["numpy"]
    table = (out / "table.md").read_text()
    assert "m, 8 steps" in table and "LVE mm²" in table and "m, 8 steps" in capsys.readouterr().out
    assert (out / "curves.png").stat().st_size > 10_000 and (out / "steps.png").stat().st_size > 10_000


@pytest.mark.slow
def test_speech_leaves_rhubarb_out_with_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ModelSpec, "open", lambda self, *rest: FakeModel(4))
    sf.write(tmp_path / "x.flac", np.random.default_rng(0).standard_normal(19200) * 0.1, 16000)
    clip = {"fps": 25.0, "lip_gap": [0.1, 0.0] * 15, "phones": PHONES}
    (tmp_path / "lips.json").write_text(json.dumps({"x": clip}))
    arguments = ["speech", "--audio", str(tmp_path), "--tracked", str(tmp_path / "lips.json"), "--model", "m=y"]
    assert command.main([*arguments, "--out", str(tmp_path / "out"), "--rivals", str(tmp_path)]) == 0
    assert "Rhubarb is left out" in capsys.readouterr().out
    rows = json.loads((tmp_path / "out" / "scores.json").read_text())["rows"]
    assert [r["name"] for r in rows] == ["tracked lips", "m", "rules, true phones", "loudness jaw"]
    assert (tmp_path / "out" / "curves.png").exists()


@pytest.mark.slow
def test_rows_of_an_earlier_run_are_kept_under_another_name(corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ModelSpec, "open", lambda self, *rest: FakeModel(4))
    words = ["evaluate", "--corpus", str(corpus), "--timed-clips", "0", "--model", "still=x"]
    assert command.main([*words, "--limit", "2", "--out", str(tmp_path / "one")]) == 0
    earlier = str(tmp_path / "one" / "scores.json")
    again = [*words, "--out", str(tmp_path / "two"), "--earlier", earlier, "--keep"]
    assert command.main([*again, "still=old", "--limit", "2"]) == 0
    table = (tmp_path / "two" / "table.md").read_text()
    new, old = (next(line for line in table.splitlines() if line.startswith(f"| {n}, 4")) for n in ("still", "old"))
    assert new.split("|")[2:] == old.split("|")[2:] and "Of earlier runs on the same speech: old." in table
    capsys.readouterr()
    (tmp_path / "no.json").write_text("[1]")
    for arguments, said in (
        ([*again, "other", "--limit", "2"], "has no row 'other': there are truth, still"),
        ([*again, "still", "--limit", "1"], "has scores of other utterances"),
        ([*words, "--out", "x", "--keep", "still"], "give its scores.json with --earlier"),
        ([*words, "--out", "x", "--earlier", str(tmp_path / "no.json")], "no.json is not the scores.json"),
    ):
        assert command.main(arguments) == 2
        assert said in capsys.readouterr().err


def test_wrong_arguments_end_with_a_sentence_and_status_2(tmp_path, capsys):
    arguments = ["evaluate", "--corpus", str(tmp_path), "--model", "m=x", "--out", str(tmp_path)]
    assert command.main(arguments) == 2
    assert "no utterances" in capsys.readouterr().err


def test_table_hides_columns_that_no_row_has_and_marks_missing_numbers():
    columns = [Column("a", "A", ".1f"), Column("b", "B", percent=True, count="n"), Column("c", "C")]
    rows = [Row("x", {"a": 1.25, "b": 0.5, "n": 4}), Row("y", {"a": math.nan}, 8)]
    lines = markdown_table(rows, columns).splitlines()
    assert [c.strip() for c in lines[0].split("|")[1:-1]] == ["", "A", "B (of 4)"]
    assert [c.strip() for c in lines[2].split("|")[1:-1]] == ["x", "1.2", "50.0 %"]
    assert [c.strip() for c in lines[3].split("|")[1:-1]] == ["y, 8 steps", "-", "-"]


def test_plot_over_steps_needs_two_numbers_of_steps(tmp_path):
    columns = [Column("a", "A")]
    assert not plot_steps(tmp_path / "p.png", [Row("m", {"a": 1.0}, 8), Row("truth", {"a": 0.0})], columns)
    assert not (tmp_path / "p.png").exists()


def test_baselines_recover_what_they_can_express():
    audio = [np.random.default_rng(0).standard_normal(16000).astype(np.float32) * np.linspace(0.01, 0.3, 16000)]
    motion = np.zeros((30, 52))
    motion[:, CHANNEL_INDEX["jawOpen"]] = 0.3 + 0.1 * loudness_at_frames(audio[0])
    out = LoudnessBaseline(audio, [motion])(audio, [""])[0]
    np.testing.assert_allclose(out, motion, atol=1e-6)
    constant = ConstantBaseline(motion)(audio, [""])[0]
    assert constant[0, CHANNEL_INDEX["jawOpen"]] == np.median(motion[:, CHANNEL_INDEX["jawOpen"]])
