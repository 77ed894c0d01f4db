"""Every kind of file of `python -m benchmarks.inputs` that needs no ffmpeg: its samples, and what is said about it."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from benchmarks.inputs.__main__ import GROUPS, speech
from benchmarks.inputs.kinds import Clip, Kind
from diffusiontalker.errors import InputError
from diffusiontalker.io.sound.mono import mono
from diffusiontalker.io.sound.pcm import RawFormat
from diffusiontalker.io.sound.reading import Sound

CLIP = speech(seconds=2.0)
KINDS = [kind for kinds in GROUPS.values() for kind in kinds if not kind.needs]
FRAME_S = 1 / 30


def read(kind: Kind) -> tuple[np.ndarray, int, list[str]]:
    """Mono samples, rate and warnings of a kind of file."""
    options, said = kind.options, []
    raw = (
        RawFormat(options["raw"], options["sample_rate"], options.get("raw_channels", 1)) if "raw" in options else None
    )
    with Sound(io.BytesIO(kind.make(CLIP)), raw=raw, channel=options.get("channel"), warn=said.append) as sound:
        blocks = list(sound.blocks())
    return np.concatenate([mono(block) for block, _ in blocks]), blocks[0][1], said


def loudness(samples: np.ndarray, rate: int) -> np.ndarray:
    """Root mean square of every 50 ms."""
    n = rate // 20
    return np.sqrt(np.mean(samples[: len(samples) // n * n].reshape(-1, n) ** 2, axis=1))


def likeness(samples: np.ndarray, rate: int, clip: Clip) -> float:
    """Correlation of the loudness with the recording's; codecs may delay it by up to 0.2 s."""
    theirs = loudness(clip.samples, clip.rate)

    def delayed(hundredths: int) -> float:
        ours = loudness(samples[hundredths * rate // 100 :], rate)
        n = min(len(ours), len(theirs))
        return float(np.corrcoef(ours[:n], theirs[:n])[0, 1]) if n > 8 else -1.0

    return max(map(delayed, range(20)))


@pytest.mark.parametrize("kind", [k for k in KINDS if k.share], ids=lambda kind: kind.name)
def test_a_kind_of_sound_is_read_whole(kind):
    samples, rate, said = read(kind)
    frames, expected = len(samples) / rate / FRAME_S, kind.share * CLIP.duration_s / FRAME_S
    loose = expected / 3 if "cut off" in kind.says else kind.early_frames
    assert expected - loose - 1 < frames <= expected + loose + kind.late_frames + 1
    assert np.isfinite(samples).all()
    if kind.least_r > 0.5:
        assert likeness(samples, rate, CLIP) > 0.9
    if "speech" not in kind.says:  # that is said about the face, by animate()
        assert bool(said) == bool(kind.says)
        assert all(kind.says in sentence and "\n" not in sentence for sentence in said)


@pytest.mark.parametrize("kind", [k for k in KINDS if not k.share], ids=lambda kind: kind.name)
def test_a_kind_that_is_no_sound_is_refused_in_one_sentence(kind):
    with pytest.raises(InputError) as caught:
        read(kind)
    assert kind.says in str(caught.value) and "\n" not in str(caught.value)


def test_there_are_at_least_sixty_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 60


@pytest.mark.slow
def test_the_table_of_inputs_has_no_fault(model, tmp_path):
    """The same machinery as the command, with the tiny bundle: its lips are random, only frames and words count."""
    from benchmarks.inputs.forms import FORMS
    from benchmarks.inputs.measure import Judge

    judge = Judge(model, speech(seconds=2.0))
    assert judge.clip.duration_s * model.fps == 60
    results = [judge.of_form(form, tmp_path) for form in FORMS]
    results += [judge.of_kind(kind, tmp_path) for kind in GROUPS["Length wrong"] + GROUPS["Raw samples"]]
    faults = {r.name: f for r in results if (f := [line for line in r.faults if not line.startswith("lips")])}
    assert faults == {}
    assert math.ceil(judge.clip.duration_s * model.fps) == results[0].frames[1]


@pytest.mark.slow
def test_every_name_and_place_is_read_or_refused_in_one_sentence(place, model, tmp_path):
    from benchmarks.inputs.kinds import wav
    from benchmarks.inputs.measure import Judge
    from benchmarks.inputs.places import PLACES

    assert len(PLACES) >= 20
    judge = Judge(model, speech(seconds=0.5))
    options = ["--bundle", str(place.bundle), "--backend", "reference"]
    faults = {}
    for k, spot in enumerate(PLACES):
        folder = tmp_path / f"place{k}" / "here"
        folder.mkdir(parents=True)
        result = judge.of_place(spot, folder, wav(judge.clip), options)
        if result.faults:
            faults[spot.name] = result.faults
    assert faults == {}
