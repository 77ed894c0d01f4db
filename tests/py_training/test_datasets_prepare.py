"""Data sets to clips and back through ClipSet; the linear basis."""

import dataset_makers as made
import numpy as np
import pytest

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.datasets.__main__ import main
from training.datasets.basis import fit_basis, reconstruction_error_mm
from training.datasets.registry import open_data_set
from training.datasets.weights import WITHOUT_TONGUE
from training.prepared.clips import NO_PHONE, ClipSet

pytestmark = pytest.mark.slow


def prepared(kind, root, out, *more) -> ClipSet:
    assert main(["prepare", "--kind", kind, "--root", str(root), "--out", str(out), *more]) == 0
    return ClipSet(out)


def speech(clips: ClipSet, clip) -> np.ndarray:
    return np.asarray(clips.clip_motion(clip)[clip.speech_frame : clip.speech_frame + clip.speech_frames], np.float32)


def check_clips(clips: ClipSet, data, rest) -> None:
    """Lengths, silence at rest, easing, and the motion of every take as it was read."""
    per_mel, per_frames = clips.info.motion.group
    refs = {r.name: r for r in data.refs()}
    assert len(clips.clips) == len(refs)
    for clip in clips.clips:
        ref = refs[clip.utterance]
        mel, motion = clips.clip_mel(clip), np.asarray(clips.clip_motion(clip), np.float32)
        assert clip.n_frames % per_frames == 0 and len(mel) * per_frames == clip.n_frames * per_mel
        assert clip.speech_frame >= 24 and clip.n_frames - clip.speech_frame - clip.speech_frames >= 24
        assert (clip.split, clip.speaker) == (ref.split, ref.speaker)
        known = clips.info.identities
        assert clip.identity == (known.index(ref.speaker) if ref.speaker in known else -1)
        assert clips.info.emotions[clip.emotion] == ref.emotion
        assert (clips.clip_phone(clip) == NO_PHONE).all()
        # float16 keeps 11 bits, so the limit is half a unit of the last one.
        size = np.abs(motion).max()
        assert np.abs(motion[: clip.speech_frame - 8] - rest).max() <= size * 2**-11
        assert np.abs(motion[clip.speech_frame + clip.speech_frames + 8 :] - rest).max() <= size * 2**-11
        start, last = clip.speech_frame, clip.speech_frame + clip.speech_frames - 1
        for ease, pose in ((motion[start - 9 : start + 1], motion[start]), (motion[last : last + 10], motion[last])):
            steps = np.abs(np.diff(ease, axis=0)).max(axis=0)
            assert (steps <= 0.2 * np.abs(pose - rest) + size * 2**-10).all()  # smoothstep over 9 steps: at most 1/6
        # Silence until the audio begins, then sound.
        first = clip.speech_frame // per_frames * per_mel
        assert np.abs(np.asarray(mel[: first - 3], np.float32) - np.log(1e-5)).max() < 0.02
        assert mel[first + 3 : first + 20].max() > 0


def test_vocaset_goes_to_clips_and_back(tmp_path):
    root = made.vocaset_processed(
        tmp_path / "set", {"FaceTalk_170728_03272_TA": (1, 2), "FaceTalk_170809_00138_TA": (40,)}
    )
    data = open_data_set("vocaset", root)
    clips = prepared("vocaset", root, tmp_path / "clips")
    check_clips(clips, data, 0.0)
    for clip in clips.clips:
        motion = data.read_motion(next(r for r in data.refs() if r.name == clip.utterance))
        assert np.abs(speech(clips, clip) - motion[: clip.speech_frames]).max() <= np.abs(motion).max() * 2**-11
    assert clips.info.motion.kind == "vertices" and clips.info.motion.n_channels == 15069
    assert clips.of_split("test")[0].identity == -1
    with np.load(tmp_path / "clips" / "rig.npz", allow_pickle=False) as rig:
        assert rig["templates"].shape == (12, 5023, 3) and len(rig["template_names"]) == 12
        assert rig["region_lve"].tolist() == list(range(10, 60, 2)) and "basis" not in rig
        name = rig["template_names"].tolist().index("FaceTalk_170728_03272_TA")
        np.testing.assert_array_equal(rig["templates"][name], data.templates()["FaceTalk_170728_03272_TA"])


def test_biwi_goes_to_coefficients_and_back(tmp_path, capsys):
    root = made.biwi_processed(tmp_path / "set", {"F2": ("e01", "e02", "e33"), "F1": ("e38",)})
    data = open_data_set("biwi", root)
    clips = prepared("biwi", root, tmp_path / "clips", "--basis", "6")
    shown = capsys.readouterr().out
    assert "basis of 6: 100.00 % of the train variance; error on val 0.0000 mm" in shown
    space = clips.info.motion
    assert (space.kind, space.n_channels, space.fps) == ("coefficients", 6, 25)
    assert space.channels == tuple(f"basis_00{k}" for k in range(6))
    assert clips.info.extra["basis_error_mm_val"]["mean"] < 1e-3
    with np.load(tmp_path / "clips" / "rig.npz") as rig:
        mean, basis = rig["mean"], rig["basis"]
        assert mean.shape == (70110,) and basis.shape == (6, 70110) and basis.dtype == np.float32
    check_clips(clips, data, -basis @ mean)
    clip = clips.of_split("test_b")[0]
    truth = data.read_motion(next(r for r in data.refs() if r.split == "test_b"))
    decoded = speech(clips, clip) @ basis + mean
    # The made motion has six directions, so that only float16 of the coefficients is left.
    assert np.abs(decoded - truth[: clip.speech_frames]).max() <= 2e-3 * np.abs(truth).max()
    assert clip.identity == -1


@pytest.mark.parametrize(
    ("kind", "make", "channels"),
    [
        ("beat", made.beat_raw, WITHOUT_TONGUE),
        ("3d-etf", made.etf_pairs, ARKIT_CHANNELS),
        ("livelink", made.livelink, ARKIT_CHANNELS),
    ],
)
def test_weights_go_to_clips_and_back(tmp_path, kind, make, channels):
    root = make(tmp_path / "set")
    data = open_data_set(kind, root)
    clips = prepared(kind, root, tmp_path / "clips")
    assert clips.info.motion.kind == "blendshapes" and clips.info.motion.channels == channels
    assert clips.info.motion.fps == 30 and not (tmp_path / "clips" / "rig.npz").exists()
    check_clips(clips, data, 0.0)
    clip = clips.clips[-1]
    motion = data.read_motion(next(r for r in data.refs() if r.name == clip.utterance))
    assert np.abs(speech(clips, clip) - motion[: clip.speech_frames]).max() <= 2**-11


def test_limit_counts_per_split(tmp_path):
    root = made.etf_pairs(tmp_path / "set")
    clips = prepared("3d-etf", root, tmp_path / "clips", "--limit", "1")
    assert sorted(c.split for c in clips.clips) == ["test", "train", "val"]


def test_failed_preparation_leaves_no_index(tmp_path, capsys):
    root = made.etf_pairs(tmp_path / "set")
    prepared("3d-etf", root, tmp_path / "clips")
    path = sorted((root / "RAVDESS" / "blendshape").glob("*.npy"))[-1]
    np.save(path, np.full((30, 52), np.nan))
    arguments = ["prepare", "--kind", "3d-etf", "--root", str(root), "--out", str(tmp_path / "clips")]
    assert main(arguments) == 2
    assert "not finite in frame 0" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError):
        ClipSet(tmp_path / "clips")
    assert main([*arguments, "--basis", "4"]) == 2
    assert "only vertices take a basis" in capsys.readouterr().err


def test_basis_larger_than_the_data_is_refused(tmp_path, capsys):
    root = made.vocaset_processed(tmp_path / "set", {"FaceTalk_170728_03272_TA": (1,)}, n_frames=11)
    arguments = ["--kind", "vocaset", "--root", str(root), "--out", str(tmp_path / "clips"), "--basis", "6"]
    assert main(["prepare", *arguments]) == 2
    assert "there are 6; take a smaller basis" in capsys.readouterr().err


@pytest.mark.parametrize("n_components", [1, 8, 20])
def test_basis_agrees_with_svd(n_components):
    rng = np.random.default_rng(0)
    scale = 0.9 ** np.arange(90)  # a slow decay, harder than real faces
    full = (rng.standard_normal((300, 90)) * scale) @ rng.standard_normal((90, 90)) + rng.standard_normal(90)
    full = full.astype(np.float32)
    pieces = np.split(full, [10, 11, 200])
    basis = fit_basis(lambda: iter(pieces), n_components)
    _, s, vt = np.linalg.svd(full - full.mean(axis=0, dtype=np.float64), full_matrices=False)
    best = (s[n_components:] ** 2).sum() / len(full)
    np.testing.assert_allclose(basis.mean, full.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(n_components), atol=1e-5)
    assert abs(basis.total_variance - (s**2).sum() / len(full)) <= 1e-6 * basis.total_variance
    error = ((basis.decode(basis.encode(full)) - full) ** 2).sum() / len(full)
    assert best * (1 - 1e-4) <= error <= best * 1.01  # at most 1 % above the least possible error
    if n_components == 1:
        assert abs(abs(basis.vectors[0] @ vt[0]) - 1) < 1e-3


def test_basis_of_exact_rank_finds_all_of_it():
    rng = np.random.default_rng(1)
    full = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 300))
    basis = fit_basis(lambda: [full], 4)
    _, s, vt = np.linalg.svd(full - full.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(basis.vectors * vt[:4], axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(basis.variance, s[:4] ** 2 / 50, rtol=1e-9)
    assert reconstruction_error_mm(basis, [full], 1.0)["mean"] < 1e-2
    assert reconstruction_error_mm(basis, [], 1.0) is None


def test_reconstruction_error_is_a_distance_in_millimetres():
    basis = fit_basis(lambda: [np.outer([1.0, -1.0, 2.0], np.eye(6)[0])], 1)
    off = np.zeros((2, 6))
    off[:, 3:] = [0.003, 0.004, 0.0]  # the second vertex is 5 mm away in a direction that the basis lacks
    error = reconstruction_error_mm(basis, [off], 1.0)
    assert error == pytest.approx({"mean": 2.5, "worst_vertex": 5.0}, rel=1e-5)
