"""Scores of identities and emotions: hand-made embeddings, and the command on a random tiny talker."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
import torch.nn.functional as F
from corpus_makers import add_utterance

import diffusiontalker
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import IDENTITY_NAMES, held_out_styles, library_styles
from training.eval import __main__ as command
from training.eval import style
from training.eval.held_out import HeldOut, load_held_out
from training.eval.recovered_library import recover_library
from training.eval.speakers import BundleSpeakers, EncodedSpeakers
from training.eval.unseen import unseen_identities
from training.loop.checkpoint import save_checkpoint, with_prefix
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.style_encoder import StyleEncoderConfig
from training.models.talker import Talker, TalkerConfig

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base-2step"  # a quarter of the work of base
EDGE = 3200  # samples of silence that pieces_of cuts off
SMALL = TalkerConfig(
    AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    DenoiserConfig(d_audio=16, d_identity=8, d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    StyleEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    len(IDENTITY_NAMES), len(EMOTION_NAMES),
)  # fmt: skip


def spoken(seconds, *degrees):
    """One utterance per angle; its samples hold the angle in radians, which Angles reads back."""
    n = int(seconds * 16000)
    return [np.pad(np.full(n, math.radians(d), np.float32), EDGE) for d in degrees]


class Angles:
    """Speakers of `spoken`, known by their angles."""

    def __init__(self, *degrees):
        self.library = self.embeddings([math.radians(d) for d in degrees])

    def __call__(self, pieces):
        return self.embeddings([p[0] for p in pieces])

    @staticmethod
    def embeddings(radians):
        return torch.tensor([[math.cos(r), math.sin(r)] for r in radians])


def test_pieces_leave_out_silent_ends_and_the_rest_that_is_too_short():
    audio = spoken(0.5, 10, 20, 30)
    pieces = style.pieces_of([*audio, np.zeros(4 * EDGE, np.float32)], 0.7)
    assert [len(p) for p in pieces] == [11200, 11200]
    np.testing.assert_allclose(np.concatenate(pieces), np.concatenate([a[EDGE:-EDGE] for a in audio])[:22400])
    assert style.pieces_of([], 1.0) == []


def test_look_up_counts_pieces_whose_nearest_entry_is_their_own():
    speakers = Angles(0, 90, 180)
    # ann belongs to 0 degrees: 10 and 40 are nearest to it, 50 is not; bob to 180: right once of two.
    speech = {"ann": spoken(5, 10, 40, 50), "bob": spoken(5, 136, 134), "unseen": spoken(5, 0), "brief": spoken(4, 0)}
    scores = style.look_up(speakers, speech, {"ann": 0, "bob": 2, "brief": 1})
    assert scores == {"look_up": 3 / 5, "look_up_chance": pytest.approx(1 / 3), "look_ups": 5}
    nobody = style.look_up(speakers, speech, {})
    assert math.isnan(nobody["look_up"]) and nobody["look_ups"] == 0


def test_same_above_different_counts_pairs_of_pairs():
    # Same: 10 and 75 degrees apart. Different: 15, 90, 5 and 80 apart. 10 beats 15, 90, 80; 75 beats 90, 80.
    speech = {"ann": spoken(10, 0, 10), "bob": spoken(10, 15, 90), "brief": spoken(9, 0)}
    scores = style.same_above_different(Angles(), speech, "real")
    assert scores == {"real_same_above_different": 5 / 8, "real_pairs": 2, "real_speakers": 2}
    assert style.same_above_different(Angles(), {"ann": speech["ann"]}, "real") == {}
    assert style.same_above_different(Angles(), {"a": spoken(10, 0), "b": spoken(10, 5)}, "real") == {}


def test_embeddings_are_those_of_the_encoder_one_by_one():
    torch.manual_seed(0)
    embed = EncodedSpeakers(Talker(SMALL).eval().personaliser)
    pieces = [np.random.default_rng(k).standard_normal(16000).astype(np.float32) * 0.1 for k in range(3)]
    together = embed(pieces)
    assert together.shape == (3, SMALL.style.d_identity)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(embed(pieces[1:2])[0], together[1])


@pytest.mark.slow
def test_a_library_is_recovered_from_its_styles_and_from_speech():
    torch.manual_seed(1)
    personaliser = Talker(SMALL).personaliser
    true, rng = personaliser.identities.embeddings().detach(), torch.Generator().manual_seed(2)
    index = torch.arange(len(true)).repeat(8)
    heard = F.normalize(true[index] + 0.15 * torch.randn((len(index), true.shape[1]), generator=rng), dim=-1)
    personaliser.keep_styles(personaliser.style_table().detach())
    known, unheard = slice(0, 4 * len(true)), slice(4 * len(true), None)
    found = recover_library(personaliser, heard[known], index[known])
    torch.testing.assert_close(personaliser.in_every_emotion(found), personaliser.styles, atol=0.05, rtol=0)
    assert ((heard[unheard] @ found.T).argmax(dim=-1) == index[unheard]).float().mean() > 0.9  # chance 1 in 12
    but_last = index[known] < len(true) - 1  # an identity without speech meets its styles alone
    found = recover_library(personaliser, heard[known][but_last], index[known][but_last])
    torch.testing.assert_close(personaliser.in_every_emotion(found), personaliser.styles, atol=0.05, rtol=0)

    personaliser.keep_styles(torch.randn(personaliser.styles.shape, generator=rng))
    with pytest.raises(ValueError, match="not of its own fusion"):
        recover_library(personaliser, heard[known], index[known])


def test_other_names_are_never_the_given_ones():
    names = ["a", "b", "c", "d"]
    given = ["a", "a", "a", "a", "d", "d"]
    wrong = style.others(given, names)
    assert wrong == ["b", "c", "d", "b", "b", "c"]
    assert style.others(["x", "y"], ["x", "y"]) == ["y", "x"]


@pytest.fixture
def corpus(tmp_path):
    """Two voices: 1 s of each in train, 5.4 s in val, twice 10.4 s in test."""
    folder = tmp_path / "corpus"
    rng = np.random.default_rng(0)
    for voice in "ab":
        for split, seconds in (("train", 1.0), ("val", 5.4), ("test", 10.4), ("test", 10.4)):
            name = f"{voice}-{split}-{len(list(folder.glob('audio/*')))}"
            audio = rng.standard_normal(int(16000 * seconds)) * 0.1
            phones = [["SIL", 0, 0.3], ["M", 0.3, 0.4], ["AA", 0.4, 0.6], ["SIL", 0.6, seconds]]
            add_utterance(folder, name, audio, phones, split, voice=voice)
    return folder


def saved(path, d_features=0):
    torch.manual_seed(0)
    talker = Talker(TalkerConfig.from_dict(SMALL.as_dict() | {"d_features": d_features}))
    about = {
        "talker": talker.config.as_dict(), "identities": IDENTITY_NAMES, "emotions": EMOTION_NAMES, "stage": "student",
        "sampler_steps": 1, "encoder": "fake layer 0 (weights cdcdcdcd)",
    }  # fmt: skip
    save_checkpoint(path, with_prefix("ema", talker.state_dict()), about)
    return path


@pytest.mark.slow
def test_command_scores_identities_and_emotions_of_a_checkpoint(corpus, tmp_path, capsys):
    readers = tmp_path / "readers"
    readers.mkdir()
    rng = np.random.default_rng(1)
    for name in ("12-3-0", "45-6-0"):
        sf.write(readers / f"{name}.flac", rng.standard_normal(16000 * 21) * 0.1, 16000)
    arguments = ["style", "--corpus", str(corpus), "--model", str(saved(tmp_path / "s.safetensors"))]
    assert command.main([*arguments, "--readers", str(readers), "--limit", "2", "--out", str(tmp_path / "out")]) == 0
    scores = json.loads((tmp_path / "out" / "style.json").read_text())
    assert scores["look_ups"] == 2 and scores["look_up_chance"] == pytest.approx(1 / len(IDENTITY_NAMES))
    for kind in ("unseen", "real"):
        assert scores[f"{kind}_pairs"] == scores[f"{kind}_speakers"] == 2
        assert 0 <= scores[f"{kind}_same_above_different"] <= 1
    for name in ("lip_error", "lip_error_wrong_identity", "lip_error_moods", "lip_error_wrong_emotion",
                 "upper_error_moods", "upper_error_wrong_emotion", "unseen_identity_lip_error_any"):  # fmt: skip
        assert 0 < scores[name] < 1
    assert "upper_error_wrong_emotion" in capsys.readouterr().out


@pytest.mark.slow
def test_command_scores_a_bundle_by_what_it_enrols(corpus, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["--corpus", str(corpus), "--model", str(BASE), "--limit", "2", "--out", str(out), "--no-look-up"]
    assert command.main(["style", *arguments, "--encoder", "whisper", "--weights", str(tmp_path)]) == 2
    assert "base-2step has its own audio encoder" in capsys.readouterr().err
    assert command.main(["style", *arguments]) == 0
    scores = json.loads((out / "style.json").read_text())
    assert "look_ups" not in scores and scores["unseen_pairs"] == 2
    assert 0 < scores["lip_error"] != scores["lip_error_wrong_identity"] and 0 < scores["upper_error_moods"] < 1
    assert command.main(["style", *arguments[:-1]]) == 2
    assert "no voice has 5 s of training speech" in capsys.readouterr().err
    for voice in "ab":
        audio = np.random.default_rng(3).standard_normal(16000 * 6) * 0.1
        add_utterance(corpus, f"{voice}-more", audio, [["M", 0.3, 0.4]], "train", voice=voice)
    assert command.main(["style", *arguments[:-1]]) == 0
    assert json.loads((out / "style.json").read_text())["look_ups"] == 2
    speakers = BundleSpeakers(BASE)
    assert torch.equal((speakers.library @ speakers.library.T).argmax(dim=-1), torch.arange(len(IDENTITY_NAMES)))
    heard = speakers([np.random.default_rng(0).standard_normal(32000).astype(np.float32) * 0.1])
    torch.testing.assert_close(heard.norm(dim=1), torch.ones(1))


class Knows:
    """The truth where it is told the right condition; else lips off by 0.5 or an upper face off by 0.25."""

    def __init__(self, data, names, emotions):
        self.names, self.emotions = names, emotions
        rows = zip(data.audio, data.truth, data.identities, data.emotions, strict=True)
        self.right = {audio.tobytes(): rest for audio, *rest in rows}

    def __call__(self, audio, identities, emotions):
        out = []
        for samples, identity, emotion in zip(audio, identities, emotions, strict=True):
            truth, own, mood = self.right[samples.tobytes()]
            out.append(truth.copy())
            out[-1][:, style.LIPS] += 0.5 * (identity != own)
            out[-1][:, style.UPPER] += 0.25 * (emotion != mood)
        return out


@pytest.mark.slow
def test_a_wrong_condition_costs_what_it_changes(corpus):
    names, moods = list(IDENTITY_NAMES), list(EMOTION_NAMES)
    animator = Knows(load_held_out(corpus, "test", moods=True), names, moods)
    scores = style.wrong_emotion(animator, corpus, 4)
    assert scores["lip_error_moods"] == scores["lip_error_wrong_emotion"] == scores["upper_error_moods"] == 0
    assert scores["upper_error_wrong_emotion"] == pytest.approx(0.25)
    animator = Knows(load_held_out(corpus, "test"), names, moods)
    assert style.wrong_identity(animator, corpus, 4)["lip_error_wrong_identity"] == pytest.approx(0.5)
    animator.names, animator.emotions = names[:1], moods[:1]
    assert style.wrong_emotion(animator, corpus, 4) == style.wrong_identity(animator, corpus, 4) == {}


class OffBy:
    """The truth with lips off by 0.1 for every place that the identity has in the names."""

    def __init__(self, data, names):
        self.names = names
        self.right = {audio.tobytes(): truth for audio, truth in zip(data.audio, data.truth, strict=True)}

    def __call__(self, audio, identities, emotions):
        return [self.right[a.tobytes()] + 0.1 * self.names.index(i) for a, i in zip(audio, identities, strict=True)]


@pytest.mark.slow
def test_held_out_identities_are_moved_as_the_nearest(corpus):
    for k in range(8):  # every held-out identity has utterances in both splits
        for split in ("val", "test"):
            add_utterance(corpus, f"c-{split}-{k}", np.full(16000, 0.001 * (k + 1)), [["SIL", 0, 1.0]], split)
    styles = held_out_styles()
    assert not set(styles) & set(IDENTITY_NAMES) and not set(styles.values()) & set(library_styles().values())
    data = [load_held_out(corpus, split, styles=styles) for split in ("val", "test")]
    assert all(set(d.identities) == set(styles) for d in data)
    both = HeldOut(**{f: getattr(data[0], f) + getattr(data[1], f) for f in vars(data[0])})
    scores = unseen_identities(OffBy(both, ["x", "y", "z"]), ["z", "x", "y"], Angles(10, 40, 170), corpus, 40)
    assert scores["unseen_identity_lip_error_nearest_motion"] == pytest.approx(0, abs=1e-6)  # x
    assert scores["unseen_identity_lip_error_nearest_speech"] == pytest.approx(0.2, abs=1e-6)  # 0 radians are near z
    assert scores["unseen_identity_lip_error_any"] == pytest.approx(0.1, abs=1e-6)
    assert unseen_identities(OffBy(both, ["x"]), ["x"], Angles(0), corpus, 40) == {}


@pytest.mark.slow
def test_a_teacher_without_its_encoder_gets_the_scores_that_need_no_motion(corpus, tmp_path, capsys):
    model = str(saved(tmp_path / "t.safetensors", d_features=4))
    arguments = ["--corpus", str(corpus), "--out", str(tmp_path / "out"), "--model"]
    assert command.main(["style", *arguments, model]) == 0
    assert "left out: the teacher's --encoder is not given" in capsys.readouterr().out
    scores = json.loads((tmp_path / "out" / "style.json").read_text())
    assert "look_up" in scores and "lip_error" not in scores
    assert command.main(["evaluate", *arguments, f"t={model}"]) == 2
    assert "takes features of fake layer 0 (weights cdcdcdcd): name that encoder" in capsys.readouterr().err
    assert command.main(["style", *arguments, model, "--encoder", "whisper"]) == 2
    assert "whisper needs the folder of its weights" in capsys.readouterr().err
