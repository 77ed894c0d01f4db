"""The default seed: made of the sound, so that it repeats itself and strangers do not move alike."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from diffusiontalker.api.seed import seed_of_sound

RATE = 16000


def seed(samples, rate: int = RATE, n_block: int = RATE) -> int:
    samples = np.asarray(samples, np.float32)
    blocks = ((samples[i : i + n_block], rate) for i in range(0, len(samples), n_block))
    found, again = seed_of_sound(blocks)
    np.testing.assert_array_equal(np.concatenate([samples[:0], *(block for block, _ in again)]), samples)
    return found


def voice(number: int, seconds: float = 2.0) -> np.ndarray:
    return 0.2 * np.random.default_rng(number).standard_normal(round(seconds * RATE)).clip(-4, 4).astype(np.float32)


def test_voices_get_different_seeds_and_each_the_same_again():
    seeds = [seed(voice(k)) for k in range(20)]
    assert len(set(seeds)) == 20 and all(0 <= s < 2**32 for s in seeds)
    assert seeds == [seed(voice(k)) for k in range(20)]


def test_how_the_sound_comes_does_not_matter():
    sound = voice(1)
    expected = seed(sound)
    assert {seed(sound, n_block=n) for n in (160, 999, 16000, 32000)} == {expected}
    assert seed(np.stack([sound, sound], 1)) == expected
    assert seed(np.stack([sound, -sound], 1)) == expected  # one channel has its phase inverted
    for silence in (0.1, 3.0):
        assert seed(np.concatenate([np.zeros(round(silence * RATE), np.float32), sound])) == expected
    later = np.concatenate([sound[:RATE], voice(2)])  # what follows the first second
    assert seed(later) == expected


def test_silence_has_seed_0_and_long_silence_is_not_held():
    assert seed(np.zeros(RATE)) == 0 and seed([]) == 0
    n_read = 0

    def endless():
        nonlocal n_read
        while True:
            n_read += 1
            yield np.zeros(RATE, np.float32), RATE

    found, _ = seed_of_sound(endless())
    assert found == 0 and n_read < 100


def test_two_voices_do_not_move_alike_and_a_seed_brings_one_back(model, tmp_path):
    one, other = (np.tile(voice(k, 0.5), 3) for k in (1, 2))
    a, again, b = (model.animate(x, RATE).weights for x in (one, one, other))
    np.testing.assert_array_equal(a, again)
    np.testing.assert_array_equal(a, model.animate(one, RATE, seed=seed(one)).weights)
    assert not np.array_equal(b, model.animate(other, RATE, seed=seed(one)).weights)
    soundfile.write(tmp_path / "one.wav", one, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(model.animate(tmp_path / "one.wav").weights, a)


def test_a_stream_with_the_same_seed_gives_the_same_frames(model):
    sound = voice(3)
    stream = model.stream(seed=seed(sound))
    stream.push(sound, RATE)
    stream.flush()
    np.testing.assert_array_equal([frame.weights for frame in stream.pull()], model.animate(sound, RATE).weights)


@pytest.mark.slow
def test_the_command_tells_the_seed_that_it_made(place):
    path = place.wav(seconds=1.0)
    document = json.loads(place.animate("in.wav", "-o", "a.csv", "--json").stdout)
    assert document["seed"] == seed(soundfile.read(path, dtype="float32")[0]) != 0
    place.animate("in.wav", "-o", "b.csv", "--seed", document["seed"])
    assert (place.folder / "a.csv").read_bytes() == (place.folder / "b.csv").read_bytes()
