"""Takes -> prepared clips (training.prepared.clips), with the mesh's templates, regions and linear basis in rig.npz."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from training.datasets.basis import Basis, fit_basis, reconstruction_error_mm
from training.datasets.regions import write_rig
from training.datasets.take import DataError, DataSet, Take, limited
from training.datasets.validate import read_checked
from training.prepared.clips import ClipSetInfo, ClipWriter
from training.prepared.framing import framed
from training.prepared.motion_space import MotionSpace

EASE_FRAMES = 8  # about a quarter of a second between rest and the first or from the last frame of a take


def build_clip(take: Take, space: MotionSpace, rest: np.ndarray) -> dict:
    """Arrays of one clip: leading silence at rest that eases into the take, the take, and silence back at rest.

    rest: [C], the pose of silence. Returns what ClipWriter.add takes, without names."""
    n = len(take.motion)
    clip = framed(take.audio, n, space)
    lead = clip.lead
    motion = np.tile(rest.astype(np.float32), (clip.n_frames, 1))
    motion[lead : lead + n] = take.motion
    u = np.arange(1, EASE_FRAMES + 1)[:, None] / (EASE_FRAMES + 1)
    ease = u * u * (3 - 2 * u)
    motion[lead - EASE_FRAMES : lead] += ease * (take.motion[0] - rest)
    motion[lead + n : lead + n + EASE_FRAMES] += ease[::-1] * (take.motion[-1] - rest)
    return {"mel": clip.mel, "motion": motion, "speech_frame": lead, "speech_frames": n}


def _fit(data: DataSet, n_components: int, limit: int | None, progress) -> tuple[Basis, dict]:
    refs = limited(data.refs(), limit)
    train = [r for r in refs if r.split == "train"]
    val = [r for r in refs if r.split == "val"]

    def read_all(chosen):
        return (data.read_motion(r) for r in progress(chosen))

    try:
        basis = fit_basis(lambda: read_all(train), n_components)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"--basis {n_components}: {error}; take a smaller basis or more takes") from error
    error_mm = reconstruction_error_mm(basis, read_all(val), data.describe().unit_m or 1.0)
    kept = float(basis.variance.sum() / basis.total_variance) if basis.total_variance else 1.0
    return basis, {"basis_error_mm_val": error_mm, "basis_variance_kept": kept}


def prepare(
    data: DataSet, out: Path, n_basis: int | None = None, limit: int | None = None, progress=lambda refs: refs
) -> str:
    """Writes the clips of a data set to the folder `out`, replacing what is there. Returns lines to print.

    n_basis: K, to store vertices as K coefficients.   limit: takes per split.   progress: wraps lists of takes.
    Raises DataError for the first wrong thing; then `out` holds no clips.json."""
    about = data.describe()
    if n_basis is not None and about.motion.kind != "vertices":
        raise DataError(f"--basis {n_basis}: {data.kind} has blendshape weights; only vertices take a basis")
    out = Path(out)
    (out / "clips.json").unlink(missing_ok=True)  # before the rig changes: no clips beside a rig of others
    (out / "rig.npz").unlink(missing_ok=True)
    space, rest = about.motion, np.zeros(about.motion.n_channels, np.float32)
    extra: dict = {"data_set": data.kind, "unit_m": about.unit_m}
    basis, arrays = None, {}
    if n_basis is not None:
        basis, scores = _fit(data, n_basis, limit, progress)
        extra |= scores
        arrays = {"mean": basis.mean, "basis": basis.vectors}
        names = tuple(f"basis_{k:03d}" for k in range(n_basis))
        space = replace(space, kind="coefficients", n_channels=n_basis, channels=names)
        rest = basis.encode(rest[None])[0]
    if about.motion.kind == "vertices":
        write_rig(out / "rig.npz", data.templates(), data.regions(), about.unit_m, **arrays)
    info = ClipSetInfo(space, about.identities, about.emotions, about.source, extra)
    n_clips = 0
    with ClipWriter(out, info) as writer:
        for ref in progress(limited(data.refs(), limit)):
            take = read_checked(data, ref, about)
            if basis is not None:
                take = replace(take, motion=basis.encode(take.motion))
            identity = about.identities.index(take.speaker) if take.speaker in about.identities else -1
            writer.add(
                **build_clip(take, space, rest), utterance=take.name, split=take.split, speaker=take.speaker,
                identity=identity, emotion=about.emotions.index(take.emotion),
            )  # fmt: skip
            n_clips += 1
    lines = [f"{n_clips} clips, {writer.n_frames / space.fps / 60:.1f} min with silence -> {out}"]
    if basis is not None:
        lines.append(_basis_line(n_basis, extra))
    return "\n".join(lines)


def _basis_line(n_basis: int | None, extra: dict) -> str:
    error = extra["basis_error_mm_val"]
    text = f"basis of {n_basis}: {100 * extra['basis_variance_kept']:.2f} % of the train variance"
    if error is None:
        return text + "; no val takes to measure the error on"
    return text + f"; error on val {error['mean']:.4f} mm, worst vertex {error['worst_vertex']:.4f} mm"
