"""Backgrounds, effort, outcries: what a microphone records besides plain speech, and what the face does meanwhile."""

import itertools
import sys

import numpy as np
import pytest
from corpus_makers import add_utterance

from diffusiontalker.head import load_head
from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.style import library_styles
from training.data import nonspeech, prepare
from training.data.augment import FAR_DECAY_S, FAR_DIRECT_DB, random_room, rms
from training.data.background import (
    ALONE,
    ALONE_LOUDEST_DB,
    OtherVoices,
    background_alone,
    make_background,
    with_background,
)
from training.data.music import make_music
from training.data.outcries import OUTCRIES, make_laughter, make_scream
from training.data.references import ReferenceSampler
from training.prepared.clips import PHONE_NAMES, ClipSet

pytestmark = pytest.mark.slow

RATE = 16000
SIL = PHONE_NAMES.index("SIL")


def syllables(n, seed=0):
    """Bursts of a buzz, four a second."""
    t = np.arange(n) / RATE
    buzz = sum(np.sin(2 * np.pi * k * (110 + 40 * seed) * t) / k for k in range(1, 20))
    return (0.1 * buzz * np.clip(np.sin(2 * np.pi * 2 * t), 0, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    corpus = tmp_path_factory.mktemp("corpus")
    for k, split in enumerate(("train", "train", "train", "val", "test")):
        n = 48000
        audio = syllables(n, k)
        audio[:6400] = audio[-4800:] = 0
        phones = [
            ["SIL", 0.0, 0.4],
            ["B", 0.4, 0.5],
            ["AA", 0.5, 1.2],
            ["M", 1.2, 1.4],
            ["EH", 1.4, 2.7],
            ["SIL", 2.7, 3.0],
        ]
        add_utterance(corpus, f"flite-v{k}", audio, phones, split, engine="flite")
    return corpus


@pytest.fixture(scope="module")
def voices(corpus):
    return OtherVoices(prepare.other_voices(corpus, []))


def run(module, *argv):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["x", *map(str, argv)])
        module.main()


@pytest.mark.parametrize("seed", range(6))
def test_music_is_loud_all_along_and_differs_from_piece_to_piece(seed):
    piece, other = (make_music(5 * RATE, np.random.default_rng(s)) for s in (seed, seed + 100))
    assert piece.dtype == np.float32 and rms(piece) == pytest.approx(1, rel=1e-3)
    assert (piece == make_music(5 * RATE, np.random.default_rng(seed))).all() and not (piece == other).all()
    levels = [rms(part) for part in np.array_split(piece, 5)]
    assert min(levels) > 0.1  # no second is empty
    power = np.abs(np.fft.rfft(piece)) ** 2
    assert np.sort(power)[-len(power) // 50 :].sum() > 0.5 * power.sum()  # notes, not noise


@pytest.mark.parametrize("kind", ALONE)
def test_every_background_has_unit_level_and_its_own_draw(kind, voices):
    first, again, other = (make_background(kind, voices, 40000, np.random.default_rng(s)) for s in (1, 1, 2))
    assert len(first) == 40000 and rms(first) == pytest.approx(1, rel=1e-3) and np.isfinite(first).all()
    assert (first == again).all() and not (first == other).all()


def test_a_far_voice_has_less_direct_than_reflected_sound_and_a_near_one_more():
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    for seed in range(20):
        near = random_room(click, np.random.default_rng(seed))
        far = random_room(click, np.random.default_rng(seed), FAR_DIRECT_DB, FAR_DECAY_S)
        assert np.sum(near[1:] ** 2) < near[0] ** 2
        assert np.sum(far[1:] ** 2) > 1.9 * far[0] ** 2


def test_background_leaves_the_near_voice_in_place_and_louder(voices):
    near = syllables(48000, 5)
    for seed in range(12):
        heard = with_background(near, voices, np.random.default_rng(seed))
        assert heard.shape == near.shape and np.abs(heard).max() < 1 and not np.allclose(heard, near)
        lags = [np.dot(heard[200 + k : -200 + k], near[200:-200]) for k in range(-50, 51)]
        assert int(np.argmax(lags)) == 50  # no shift
        scale = np.dot(heard, near) / np.dot(near, near)
        assert rms(heard - scale * near) < 1.05 * rms(scale * near)


def test_backgrounds_alone_stay_below_their_loudest_level(voices):
    kinds = set()
    for seed in range(40):
        sound, kind = background_alone(voices, 24000, np.random.default_rng(seed))
        assert 20 * np.log10(rms(sound)) < ALONE_LOUDEST_DB[kind] + 0.1
        kinds.add(kind)
    assert kinds == set(ALONE)


def test_without_other_voices_the_message_says_what_to_give():
    with pytest.raises(ValueError, match="other voices"):
        OtherVoices(()).talk(100, np.random.default_rng(0))


@pytest.mark.parametrize("make", [make_laughter, make_scream])
def test_outcries_and_their_phones_agree(make):
    for seed in range(10):
        sound, phones = make(np.random.default_rng(seed))
        assert phones[0][0] == phones[-1][0] == "SIL" and phones[0][1] == 0
        assert phones[-1][2] == pytest.approx(len(sound) / RATE)
        for (_, _, end), (_, start, _) in itertools.pairwise(phones):
            assert start == end
        at = [slice(int(s * RATE), int(e * RATE)) for _, s, e in phones]
        loud = [rms(sound[i]) for (n, _, _), i in zip(phones, at, strict=True) if n not in ("SIL", "HH")]
        quiet = [rms(sound[i]) for (n, _, _), i in zip(phones, at, strict=True) if n == "SIL"]
        assert min(loud) > 30 * max(quiet)


def test_laughter_comes_in_four_to_six_bursts_a_second():
    for seed in range(10):
        _, phones = make_laughter(np.random.default_rng(seed))
        starts = [
            s for (n, s, _), (before, _, _) in zip(phones[1:], phones, strict=False) if n == "HH" and before != "SIL"
        ]
        gaps = np.diff(starts)
        assert all(0.16 < g < 0.27 for g in gaps if g < 0.5)


@pytest.fixture(scope="module")
def sounds(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("nonspeech")
    run(nonspeech, "--corpus", corpus, "--out", out, "--hours", 0.06, "--jobs", 1)
    return ClipSet(out)


@pytest.mark.slow
def test_the_face_rests_through_backgrounds(sounds):
    clips = [c for c in sounds.clips if not any(kind in c.utterance for kind in OUTCRIES)]
    assert len(clips) > 10 and {c.split for c in clips} <= {"train", "val"}
    jaw = CHANNEL_INDEX["jawOpen"]
    loud = 0
    for clip in clips:
        assert (sounds.clip_phone(clip) == SIL).all()
        opened = sounds.clip_motion(clip)[:, jaw].astype(float)
        assert opened.max() < 0.08 and np.abs(np.diff(opened)).max() < 0.01  # a mood may part the lips, nothing talks
        loud += sounds.clip_mel(clip).max() > np.log(1e-5) + 5
    assert loud > 0.8 * len(clips)


def test_outcries_open_the_mouth_and_laughter_smiles(sounds):
    head = load_head()
    laughter = [c for c in sounds.clips if "laughter" in c.utterance]
    screams = [c for c in sounds.clips if "scream" in c.utterance]
    assert laughter and screams and head is not None
    happy = EMOTION_NAMES.index("happy")
    for clip in laughter:
        assert clip.emotion == clip.voice_emotion == happy
        assert sounds.clip_motion(clip)[:, CHANNEL_INDEX["mouthSmileLeft"]].max() > 0.1
    for clip in screams + laughter:
        assert sounds.clip_motion(clip)[:, CHANNEL_INDEX["jawOpen"]].max() > 0.1


@pytest.mark.slow
def test_no_sound_without_a_speaker_is_taken_for_a_person(sounds, corpus, tmp_path):
    run(prepare, "--corpus", corpus, "--out", tmp_path, "--jobs", 1)
    both = ClipSet(tmp_path, *sounds.folders)
    assert "" not in ReferenceSampler(both, "train", seed=0).speakers


def test_background_changes_what_is_heard_and_not_how_the_face_moves(corpus, tmp_path, voices):
    audio = syllables(48000, 7)
    style = next(iter(library_styles().values()))
    phones = [("SIL", 0.0, 0.4), ("B", 0.4, 0.5), ("AA", 0.5, 2.6), ("SIL", 2.6, 3.0)]
    heard = with_background(audio, voices, np.random.default_rng(3))
    alone = prepare.animate(phones, audio, style, "neutral", 1.0, 1)
    mixed = prepare.animate(phones, audio, style, "neutral", 1.0, 1, heard=heard)
    assert (alone["motion"] == mixed["motion"]).all() and (alone["phone"] == mixed["phone"]).all()
    assert not np.allclose(alone["mel"], mixed["mel"], atol=0.1)


@pytest.mark.slow
def test_prepare_with_backgrounds_keeps_the_clean_clip_and_varies_the_others(corpus, tmp_path):
    run(prepare, "--corpus", corpus, "--out", tmp_path / "a", "--jobs", 1, "--variants", 4)
    run(prepare, "--corpus", corpus, "--out", tmp_path / "b", "--jobs", 1, "--variants", 4, "--background", 1)
    plain, mixed = ClipSet(tmp_path / "a"), ClipSet(tmp_path / "b")
    assert len(plain.clips) == len(mixed.clips)
    for split in ("val", "test"):  # scored clips never have a background
        for p, m in zip(plain.of_split(split), mixed.of_split(split), strict=True):
            assert (plain.clip_mel(p) == mixed.clip_mel(m)).all()
    both = zip(plain.of_split("train"), mixed.of_split("train"), strict=True)
    same = [np.array_equal(plain.clip_mel(p), mixed.clip_mel(m)) for p, m in both]
    assert all(same[::4]) and not all(same)  # the first of four variants is clean


def test_shares_outside_0_to_1_are_refused(corpus, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(prepare, "--corpus", corpus, "--out", tmp_path, "--effort", 2)
    assert "shares, expected 0..1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(prepare, "--corpus", corpus, "--out", tmp_path, "--background", 0.5, "--other-voices", tmp_path)
    assert "no recording in" in capsys.readouterr().err


def test_most_clips_have_pauses_in_which_the_mouth_opens_before_the_first_sound(corpus, tmp_path):
    run(prepare, "--corpus", corpus, "--out", tmp_path, "--jobs", 1, "--variants", 6)
    clips = ClipSet(tmp_path)
    jaw, opened, paused = CHANNEL_INDEX["jawOpen"], 0, 0
    for clip in clips.clips:
        label, motion = clips.clip_phone(clip), clips.clip_motion(clip)
        assert (label == PHONE_NAMES.index("B")).any() and (label[: clip.speech_frame] == SIL).all()
        if clip.speech_frame > 30:  # more than the silence that every clip begins with
            paused += 1
            first = int(np.argmax(label != SIL))
            opened += motion[first - 9 : first - 1, jaw].max() > motion[: first - 15, jaw].max() + 0.01
    assert 0.4 * len(clips.clips) < paused < len(clips.clips)
    assert opened > 0.8 * paused


def test_a_pause_moves_the_phones_with_the_sound_of_the_quicker_speech():
    audio = np.zeros(16000, np.float32)
    audio[8000] = 1.0  # 0.5 s; before it was made 1.25 times quicker, 0.625 s
    phones = [("SIL", 0.0, 0.625), ("B", 0.625, 1.0), ("SIL", 1.0, 1.25)]
    padded, moved, pauses = prepare.surrounded(audio, phones, 1.25, np.random.default_rng(2))
    assert min(pauses) >= prepare.PAUSE_S[0] and len(padded) == 16000 + sum(round(p * 16000) for p in pauses)
    assert moved[0][0] == "SIL" and moved[0][1] == 0.0
    assert abs(moved[1][1] / 1.25 - np.argmax(padded) / 16000) < 1e-6
    assert abs(moved[-1][2] / 1.25 - len(padded) / 16000) < 1e-3
