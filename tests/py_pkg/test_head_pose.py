"""The head pose through streams: beside the weights, whichever way they are pulled."""

from __future__ import annotations

import numpy as np
import pytest
from bundles import KINDS, write_bundle

import diffusiontalker as dt
from diffusiontalker import errors
from diffusiontalker.head import load_head
from diffusiontalker.spec.channels import ARKIT_CHANNELS

RATE = 16000
LOOKS = [c.startswith("eyeLook") for c in ARKIT_CHANNELS]
# csrc/runtime/head_pose.h
GAZE_SHARE = 0.7
LOOK_DEGREES = {"In": 22.0, "Out": 22.0, "Up": 11.0, "Down": 17.0}


@pytest.fixture(scope="module")
def model(pose_bundle):
    return dt.load(pose_bundle, backend="reference")


def fed(model, audio, chunk=None, **options):
    stream = model.stream(**options)
    for start in range(0, len(audio), chunk or len(audio)):
        stream.push(audio[start : start + (chunk or len(audio))], RATE)
    stream.flush()
    return stream


def pulled(stream, step=None) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    while len((part := stream.pull_block_with_pose(step))[1]):
        parts.append(part)
    return np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts])


def test_the_pose_is_a_group_of_its_own(model, audio):
    assert model.has_head_pose
    assert model.channels == ARKIT_CHANNELS
    anim = model.animate(audio, RATE, seed=0)
    assert anim.weights.shape == (60, 52)
    assert anim.head_pose.shape == (60, 3)
    assert anim.head_pose.dtype == np.float32
    assert anim.head_pose.min() < -0.01 and anim.head_pose.max() > 0.01, "signed, and not clipped to 0..1"
    assert np.abs(anim.head_pose).max() <= 0.6 + 1e-6
    assert np.all(anim.head_pose[-1] == 0), "the end of a clip rests"
    frames = fed(model, audio).pull()
    assert np.array_equal([f.head_pose for f in frames], anim.head_pose)
    assert np.array_equal([f.weights for f in frames], anim.weights)


def test_a_model_without_one_has_none(tiny_bundle, audio):
    model = dt.load(tiny_bundle, backend="reference")
    assert not model.has_head_pose
    assert model.animate(audio, RATE).head_pose is None
    assert fed(model, audio).pull()[0].head_pose is None
    assert fed(model, audio).pull_block_with_pose()[2] is None
    native = fed(model, audio)._native.pull_with_pose(5)[2]
    assert np.array_equal(native, np.zeros((5, 3), np.float32)), "the C ABI gives zeros"


def test_weights_are_those_of_plain_pulls(model, audio):
    expected, _ = pulled(fed(model, audio))
    assert np.array_equal(fed(model, audio).pull_block()[1], expected)
    assert np.array_equal(fed(model, audio)._native.pull()[1], expected)


@pytest.mark.parametrize("chunk", [1000, 4567])
@pytest.mark.parametrize("options", [{}, {"smoothing_ms": 80, "silence_gate": True}])
def test_chunks_and_steps_do_not_change_it(model, audio, chunk, options):
    weights, pose = pulled(fed(model, audio, **options))
    again = pulled(fed(model, audio, chunk, **options), step=5)
    assert np.array_equal(again[0], weights)
    assert np.array_equal(again[1], pose)


def test_seeds_give_other_poses_and_each_its_own(model, audio):
    one, same, other = (pulled(fed(model, audio, seed=s))[1] for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_amount_zero_is_no_pose_and_leaves_every_weight(model, audio):
    weights, pose = pulled(fed(model, audio, head_amount=0))
    assert np.all(pose == 0)
    full = pulled(fed(model, audio))
    rest = [not look for look in LOOKS]
    assert np.array_equal(weights[:, rest], full[0][:, rest]), "only the gaze knows of the pose"
    assert not np.array_equal(weights[:, LOOKS], full[0][:, LOOKS])
    half = pulled(fed(model, audio, head_amount=0.5))
    assert np.array_equal(half[1], np.float32(0.5) * full[1])


def gaze(weights) -> np.ndarray:
    """Degrees to the subject's left and up of each eye, [n, 2 eyes, 2]."""

    def degrees(direction, side):
        return LOOK_DEGREES[direction] * weights[:, ARKIT_CHANNELS.index(f"eyeLook{direction}{side}")]

    left = [degrees("Out", "Left") - degrees("In", "Left"), degrees("In", "Right") - degrees("Out", "Right")]
    up = [degrees("Up", side) - degrees("Down", side) for side in ("Left", "Right")]
    return np.stack([np.stack(left), np.stack(up)]).transpose(2, 1, 0)


def test_eyes_keep_their_target_while_the_head_turns(model, audio):
    still, _ = pulled(fed(model, audio, head_amount=0))
    weights, pose = pulled(fed(model, audio, head_amount=0.3))
    taken = gaze(weights) - gaze(still)
    expected = GAZE_SHARE * np.degrees(np.stack([-pose[:, 0], pose[:, 1]], axis=1))[:, None].repeat(2, axis=1)
    free = ((weights[:, LOOKS] > 0) & (weights[:, LOOKS] < 1)).sum(axis=1) >= 4  # no eye at its limit
    assert free.sum() > 20
    assert np.median(np.abs(taken - expected)[free]) < 1e-3


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("direction", LOOK_DEGREES)
def test_the_head_turns_its_eyes_by_the_degrees_that_the_runtime_counts_on(direction, side):
    head = load_head()
    centre = head.eye_centres[0 if side == "Left" else 1]
    part = head.quads[head.face_part == head.parts.index("pupil")]
    pupil = np.unique(part)
    pupil = pupil[np.sign(head.positions[pupil, 0]) == np.sign(centre[0])]
    weights = np.zeros((2, 52), np.float32)
    weights[1, ARKIT_CHANNELS.index(f"eyeLook{direction}{side}")] = 1
    ahead, aside = (v[pupil].mean(axis=0) - centre for v in head.vertices(weights))
    axis = 0 if direction in ("In", "Out") else 1
    angle = np.degrees(np.arctan2(aside[axis], aside[2]) - np.arctan2(ahead[axis], ahead[2]))
    towards = {"Up": 1, "Down": -1, "Out": np.sign(centre[0]), "In": -np.sign(centre[0])}[direction]
    assert towards * angle == pytest.approx(LOOK_DEGREES[direction], abs=1.0)


def test_interrupt_eases_pose_and_weights_to_rest(model, audio):
    stream = model.stream()
    stream.push(audio, RATE)
    _, _, shown = stream.pull_block_with_pose(10)
    stream.interrupt(100)
    frames = stream.pull()
    assert np.allclose(frames[0].head_pose, shown[-1] * (1 - 7 / 27), atol=1e-6)
    assert np.all(frames[-1].head_pose == 0)


def test_frames_of_a_device_are_the_same(model, audio):
    weights, pose = pulled(fed(model, audio))
    stream = fed(model, audio)
    parts, poses = [], []
    while len(part := np.from_dlpack((got := stream.pull_device_with_pose(7))[1])):
        parts.append(part)
        poses.append(got[2])
    assert np.array_equal(np.concatenate(parts), weights)
    assert np.array_equal(np.concatenate(poses), pose)
    stream = fed(model, audio)
    assert np.array_equal(np.from_dlpack(stream.pull_device(60)[1]), weights), "without asking for the pose, too"
    rig = model.device_rig(np.zeros((2, 3)), np.ones((52, 2, 3)))
    vertices = np.from_dlpack(rig.pose(fed(model, audio).pull_device(4)[1]))
    assert np.allclose(vertices[:, 0, 0], weights[:4].sum(axis=1), atol=1e-4)


def test_a_scheduler_gives_the_frames_of_a_lone_stream(model, audio):
    expected = [pulled(fed(model, audio, seed=s)) for s in range(3)]
    streams = [model.stream(seed=s) for s in range(3)]
    scheduler = model.scheduler()
    for stream in streams:
        scheduler.add(stream)
        stream.push(audio, RATE)
        stream.flush()
    parts = [[] for _ in streams]
    while scheduler.step()["n_windows"]:
        for stream, part in zip(streams, parts, strict=True):
            part += stream.pull()
    for part, (weights, pose) in zip(parts, expected, strict=True):
        assert np.array_equal([f.weights for f in part], weights)
        assert np.array_equal([f.head_pose for f in part], pose)


@pytest.mark.parametrize("amount", [-0.1, 2.5, float("nan")])
def test_an_amount_out_of_range_is_a_sentence(model, amount):
    with pytest.raises(errors.InputError, match="head_amount is .*, expected (0|a number)"):
        model.stream(head_amount=amount)


def wrong_order(manifest):
    names = manifest["motion"]["channels"]
    names[52:] = names[:51:-1]


def test_a_pose_in_another_order_is_refused(tmp_path):
    folder = write_bundle(tmp_path / "wrong", kind=KINDS["pose"], change=wrong_order)
    with pytest.raises(errors.BundleError, match="headYaw, headPitch, headRoll come last"):
        dt.load(folder, backend="reference")
