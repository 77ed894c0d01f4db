"""Student checkpoint -> bundle folder:
`python -m training.export.bundle --student FILE --version X.Y.Z --out python/diffusiontalker/bundles/base --card FILE`
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file

from diffusiontalker.io.atomic import atomic_folder
from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.profiles import PROFILES
from diffusiontalker.spec.sampler import sampler_table, short_steps
from training.data.prepare import SOURCE as OWN_CORPUS
from training.export.model_arguments import MODEL_HELP, checkpoint_or_bundle
from training.export.onnx_graphs import ENROLL_MEL_FRAMES, export_networks
from training.export.seal import seal
from training.export.trained import load_talker, mean_state
from training.loop.errors import reports_errors
from training.models.talker import Talker
from training.prepared.motion_space import MotionSpace

FORMAT_VERSION = 2


def _short(values: list[float]) -> float | list[float]:
    """One number where all channels have the same."""
    return values[0] if len(set(values)) == 1 else values


def motion_section(talker: Talker, motion: MotionSpace) -> dict:
    statistics = {
        "mean": talker.mean, "std": talker.std, "min": talker.low, "max": talker.high, "rest": talker.rest,
        "noise_scale": talker.noise_scale,
    }  # fmt: skip
    names = {"n_channels": motion.n_channels} if motion.kind == "vertices" else {"channels": list(motion.channels)}
    values = {key: _short(value.tolist()) for key, value in statistics.items()}
    return {"space": motion.kind, **names, "fps_num": motion.fps_num, "fps_den": motion.fps_den, **values}


def networks_section(talker: Talker, style_encoder: bool) -> dict:
    low, high = ENROLL_MEL_FRAMES
    enroll = {"file": "style_encoder.onnx", "min_mel_frames": low, "max_mel_frames": high}
    return {
        "audio_encoder": {"file": "audio_encoder.onnx", "n_features": talker.config.denoiser.d_model},
        "conditioner": {"file": "conditioner.onnx", "n_condition": talker.denoiser.n_condition},
        "denoiser": {"file": "denoiser.onnx"},
        **({"style_encoder": enroll} if style_encoder else {}),
    }


def manifest(
    talker: Talker, about: dict, name: str, version: str, license_name: str, style_encoder: bool = True
) -> dict:
    """bundle.json without the `files` table. about: of the checkpoint, a student's or a teacher's."""
    motion = MotionSpace.from_dict(about["motion"])
    n_train_steps = talker.config.denoiser.n_train_steps
    steps = sampler_table(about.get("sampler_steps", n_train_steps), n_train_steps)
    per_mel, per_frames = motion.group
    return {
        "format": "diffusiontalker-bundle",
        "format_version": FORMAT_VERSION,
        "name": name,
        "version": version,
        "license": license_name,
        "provenance": {
            "method": "DiffusionTalker (arXiv 2311.16565, 2503.18159), own implementation, trained from scratch",
            "data": about["source"],
        },
        "motion": motion_section(talker, motion),
        "audio": asdict(MelSpec()) | {"mel_frames_per_group": per_mel, "anim_frames_per_group": per_frames},
        "networks": networks_section(talker, style_encoder),
        "sampler": {"prediction": "x0", "steps": [s.as_dict() for s in steps]},
        "profiles": PROFILES,
        "default_profile": "offline",
        "identities": {
            "file": "identities.safetensors", "tensor": "style",
            "names": list(about["identities"]), "default": about["identities"][0],
            "emotions": list(about["emotions"]), "default_emotion": about["emotions"][0],
        },
    }  # fmt: skip


def write_rig(rig: Path, folder: Path, speaker: str) -> dict:
    """rig.npz of prepared clips -> rig.safetensors with the template [V, 3] of a speaker and, where there is one, the
    basis. Returns the manifest's section. Raises ValueError for a speaker without a template."""
    with np.load(rig, allow_pickle=False) as arrays:
        names = arrays["template_names"].tolist()
        if speaker not in names:
            raise ValueError(f"{rig} has no template of {speaker!r}: give the rig of the clips of the training")
        tensors = {"template": arrays["templates"][names.index(speaker)]}
        tensors |= {key: arrays[key] for key in ("mean", "basis") if key in arrays}
        unit_m = float(arrays["unit_m"]) if "unit_m" in arrays else float("nan")
    save_numpy({k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()}, str(folder / "rig.safetensors"))
    (folder / "rig.safetensors").chmod(0o644)
    return {"file": "rig.safetensors", "unit_m": unit_m if unit_m > 0 else None}


@contextlib.contextmanager
def changing(bundle: Path, description: dict, out: Path) -> Iterator[Path]:
    """As atomic_folder(), in a copy of a bundle's files. description: bundle.json, which may be changed in the block,
    too; its table of files is made anew."""
    with atomic_folder(out) as folder:
        shutil.copytree(bundle, folder, ignore=shutil.ignore_patterns("bundle.json"), dirs_exist_ok=True)
        yield folder
        seal(folder, {key: value for key, value in description.items() if key != "files"})


def write_bundle(
    talker: Talker,
    about: dict,
    out: Path,
    name: str,
    version: str,
    card: Path | None,
    rig: Path | None = None,
    license_name: str = "Apache-2.0",
) -> None:
    """Builds beside `out`, then replaces it, so that a failed export leaves the old bundle."""
    if talker.config.d_features:
        raise ValueError("this talker takes features of a large encoder, which is not deployed: export a student")
    with atomic_folder(out) as folder:
        export_networks(talker, folder)
        with torch.no_grad():
            styles = talker.personaliser.style_table().contiguous()
        save_file({"style": styles}, str(folder / "identities.safetensors"))
        (folder / "identities.safetensors").chmod(0o644)
        if card is not None:
            shutil.copyfile(card, folder / "README.md")
        description = manifest(talker, about, name, version, license_name)
        if rig is not None:
            description["rig"] = write_rig(rig, folder, about["identities"][0])
        seal(folder, description)


def argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=checkpoint_or_bundle, required=True, help=MODEL_HELP)
    parser.add_argument("--out", type=Path, required=True, help="folder of the new bundle")
    parser.add_argument(
        "--start", type=checkpoint_or_bundle, help="what its training began with: exports a mean with it"
    )
    parser.add_argument("--start-share", type=float, default=0.3, help="of --start in the mean, 0..1; default: 0.3")
    parser.add_argument("--enrolment", type=checkpoint_or_bundle, help="model whose style encoder is taken")
    parser.add_argument(
        "--branch", type=checkpoint_or_bundle, help="model whose branch of eyes, brows and head is taken"
    )
    parser.add_argument("--tied-noise", type=float, help="noise that lips start from, below 1; default: as trained")
    parser.add_argument("--sampler-steps", type=int, help="fewer steps than it was trained for, evenly spaced")
    parser.add_argument(
        "--timesteps",
        type=int,
        nargs="+",
        metavar="T",
        help="some of the timesteps it was trained for, the largest first",
    )
    parser.add_argument("--name", default="base", help="default: base")
    parser.add_argument("--version", required=True, help="of the new bundle, such as 1.0.0")
    parser.add_argument("--card", type=Path, help="model card")
    parser.add_argument("--rig", type=Path, help="rig.npz of the prepared clips, for motion of a mesh")
    parser.add_argument("--source", help="the data, for the provenance; default: what the checkpoint says")
    parser.add_argument("--license", help="of the weights; needed unless they were trained on our own corpus")
    return parser


def fewer_steps(
    args: argparse.Namespace, about: dict, n_train_steps: int, parser: argparse.ArgumentParser
) -> int | list[int]:
    """What --sampler-steps or --timesteps ask for; ends the command where they are no part of the training's steps."""
    trained = [step.t for step in sampler_table(about.get("sampler_steps", n_train_steps), n_train_steps)]
    if args.sampler_steps and args.timesteps:
        parser.error("--sampler-steps and --timesteps both say which steps are taken: give one of them")
    if args.timesteps:
        wanted = args.timesteps
        if wanted[0] != n_train_steps or not set(wanted) <= set(trained) or sorted(set(wanted), reverse=True) != wanted:
            known = " ".join(map(str, trained)) if len(trained) <= 16 else f"{n_train_steps} .. 1"
            parser.error(f"--timesteps falls from {n_train_steps} and takes some of the training's, which are {known}")
    else:
        n = len(trained)
        if args.sampler_steps < 1 or n % args.sampler_steps:
            parser.error(f"--sampler-steps must divide the {n} steps of the training, got {args.sampler_steps}")
        wanted = trained[:: n // args.sampler_steps]
    return short_steps(wanted, n_train_steps)


@reports_errors
def main() -> None:
    parser = argument_parser()
    args = parser.parse_args()
    if not 0 <= args.start_share <= 1:
        parser.error(f"--start-share is a share, expected 0..1, got {args.start_share}")
    talker, about = load_talker(args.student)
    if args.start:
        talker.load_state_dict(mean_state(load_talker(args.start)[0], talker, 1 - args.start_share))
    if args.enrolment:
        talker.personaliser.encoder = load_talker(args.enrolment)[0].personaliser.encoder
    if args.branch:
        talker.denoiser.free = load_talker(args.branch)[0].denoiser.free
    if args.tied_noise is not None:
        talker.config = replace(talker.config, tied_noise=args.tied_noise)
    if args.sampler_steps or args.timesteps:
        about["sampler_steps"] = fewer_steps(args, about, talker.config.denoiser.n_train_steps, parser)
    if args.license is None and about["source"] != OWN_CORPUS:
        parser.error(f"--license is needed: what may be done with a model trained on {about['source']}?")
    about["source"] = args.source or about["source"]
    write_bundle(talker, about, args.out, args.name, args.version, args.card, args.rig, args.license or "Apache-2.0")
    n_parameters = sum(p.numel() for m in (talker.encoder, talker.denoiser) for p in m.parameters())
    n_train_steps = talker.config.denoiser.n_train_steps
    n_steps = len(sampler_table(about.get("sampler_steps", n_train_steps), n_train_steps))
    print(f"{args.out}: {n_parameters / 1e6:.2f} M parameters, {n_steps} steps")


if __name__ == "__main__":
    main()
