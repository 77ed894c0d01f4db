"""Every format that is read and written: a file goes through every other one that can hold it and comes back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from export_support import random_animation, skip_without_usd

from diffusiontalker.api.animation import Animation
from diffusiontalker.api.convert import fitted
from diffusiontalker.api.saved import load_animation
from diffusiontalker.head import HEAD_SHAPES
from diffusiontalker.io import FORMATS, format_of, read_motion, save_animation
from diffusiontalker.io.visemes import poses
from diffusiontalker.spec.channels import ARKIT_CHANNELS

WEIGHTS = (".glb", ".csv", ".json", ".npz", ".a2f.json", ".arkit.vrma", ".usda", ".usdc", ".curves.csv")
POSE = tuple(s for s in WEIGHTS if s != ".a2f.json") + (".bvh",)
CUES = (".tsv", ".xml", ".rhubarb.json", ".dat")
VERTICES = (".pc2", ".mdd")
LOSSY = (".vrma", ".oculus.csv", ".oculus.json")  # a few shapes stand for the whole mouth; they have tests of their own
PAIRS = [
    *itertools.permutations(WEIGHTS, 2),
    *((a, b) for a in POSE for b in POSE if ".bvh" in (a, b) and a != b),
    *itertools.permutations(CUES, 2),
    *itertools.permutations(VERTICES, 2),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


@cache
def first(folder, suffix: str) -> Animation:
    """What is read of a file of a format, written from an animation that it can hold."""
    source = random_animation(12, pose=True)
    if suffix in CUES:
        source = Animation(speech(), ARKIT_CHANNELS, 24)
    path = folder / f"first{suffix}"
    save_animation(source, path)
    return load_animation(path)


def speech() -> np.ndarray:
    """Mouths of Rhubarb's shapes, each for a quarter of a second at 24 frames, float32 [36, 52]."""
    names, table = poses("rhubarb")
    return np.repeat(np.stack([table[names.index(s)] for s in "DAEFGX"]), 6, axis=0).astype(np.float32)


def through(animation: Animation, path) -> Animation:
    """Written to a file as `convert` does, and read again."""
    prepared, _ = fitted(animation, format_of(path.name))
    save_animation(prepared, path, force=True)
    return load_animation(path)


def test_every_format_is_in_a_group_of_this_test():
    assert {f.suffix for f in FORMATS} == {*WEIGHTS, *POSE, *CUES, *VERTICES, *LOSSY}


@pytest.mark.parametrize(("outer", "inner"), PAIRS, ids=lambda s: s[1:])
def test_a_file_comes_back_from_another_format(folder, outer, inner):
    for suffix in (outer, inner):
        skip_without_usd(suffix)
    begun = first(folder, outer)
    back = through(through(begun, folder / f"inner{inner}"), folder / f"outer{outer}")
    if outer in CUES:
        assert len(begun.cues) == 6 and [c.shape for c in back.cues] == [c.shape for c in begun.cues]
        # Hundredths of a second; a frame of 24 a second where one of them is switch data.
        step = 1 / 24 if ".dat" in (outer, inner) else 0
        assert max(abs(float(a.start - b.start)) for a, b in zip(back.cues, begun.cues, strict=True)) <= step + 1e-9
        return
    assert (back.fps_num, back.fps_den, back.n_frames) == (begun.fps_num, begun.fps_den, begun.n_frames)
    if ".bvh" not in (outer, inner):
        names = begun.channels
        assert set(names) == set(back.channels)
        there = np.asarray(back.weights)[:, [back.channels.index(c) for c in names]] if names else back.weights
        assert np.abs(there - begun.weights).max() < 1e-6
    if outer in POSE and inner in POSE:
        assert np.abs(back.head_pose - begun.head_pose).max() < 2e-6


@pytest.mark.parametrize("suffix", [s for s in WEIGHTS if s != ".usdc"])
@pytest.mark.parametrize("rate", [(24, 1), (25, 1), (30000, 1001), (60, 1), (120, 1)])
def test_every_rate_is_read_back(tmp_path, suffix, rate):
    skip_without_usd(suffix)
    animation = random_animation(130, *rate)
    save_animation(animation, tmp_path / f"a{suffix}")
    back = load_animation(tmp_path / f"a{suffix}")
    counted = (30, 1) if suffix == ".csv" and rate == (30000, 1001) else rate  # its timecodes count whole frames
    assert (back.fps_num, back.fps_den, back.n_frames) == (*counted, 130)
    order = [back.channels.index(c) for c in animation.channels]
    assert np.abs(np.asarray(back.weights)[:, order] - animation.weights).max() < 1e-6


def test_a_file_without_a_head_pose_is_read_without_one(tmp_path):
    for suffix in (".glb", ".csv", ".json", ".npz", ".arkit.vrma", ".curves.csv"):
        save_animation(random_animation(5), tmp_path / f"a{suffix}")
        assert load_animation(tmp_path / f"a{suffix}").head_pose is None, suffix


@pytest.mark.parametrize("head", HEAD_SHAPES[:2])
def test_a_vertex_cache_holds_the_vertices(tmp_path, head):
    animation = replace(random_animation(4, 25, pose=True), head=head)
    for suffix in VERTICES:
        save_animation(animation, tmp_path / f"a{suffix}")
        back = load_animation(tmp_path / f"a{suffix}")
        assert back.space == "vertices" and np.array_equal(back.vertices(), animation.vertices())
    assert read_motion(tmp_path / "a.mdd")[0].fps_num == 25


def test_vowels_and_visemes_read_as_mouths_that_give_the_same_shares(tmp_path):
    """The projection is lossy; what it keeps stays as it is."""
    source = Animation(speech(), ARKIT_CHANNELS, 24)
    for suffix in (".vrma", ".oculus.csv"):
        save_animation(source, tmp_path / f"a{suffix}")
        once = load_animation(tmp_path / f"a{suffix}")
        save_animation(once, tmp_path / f"b{suffix}")
        twice = load_animation(tmp_path / f"b{suffix}")
        assert once.weights.max() > 0.3
        assert np.abs(once.weights - twice.weights).max() < 0.05, suffix
    save_animation(source, tmp_path / "a.oculus.json")
    once = load_animation(tmp_path / "a.oculus.json")
    save_animation(once, tmp_path / "b.oculus.json")
    assert (tmp_path / "a.oculus.json").read_bytes() == (tmp_path / "b.oculus.json").read_bytes()
