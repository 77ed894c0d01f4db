"""Student checkpoint -> bundle folder.
`python -m trt_build.export.bundle --student FILE --out python/diffusiontalker/bundles/base`
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.sampler import sampler_table
from training.models.talker import Talker
from training.stages.common import load_talker
from trt_build.export.onnx_graphs import export_networks

FORMAT_VERSION = 1
PROFILES = {
    "offline": {"past_frames": 12, "hop_frames": 36, "lookahead_frames": 12},
    "live": {"past_frames": 18, "hop_frames": 6, "lookahead_frames": 6},
}


def manifest(talker: Talker, about: dict, name: str, version: str) -> dict:
    """bundle.json without the `files` table."""
    n = len(ARKIT_CHANNELS)
    steps = sampler_table(about["sampler_steps"], talker.config.denoiser.n_train_steps)
    return {
        "format": "diffusiontalker-bundle",
        "format_version": FORMAT_VERSION,
        "name": name,
        "version": version,
        "license": "Apache-2.0",
        "provenance": {
            "method": "DiffusionTalker (arXiv 2311.16565), own implementation; weights trained from scratch",
            "data": "synthetic speech with rule-based facial motion, see README.md",
        },
        "motion": {
            "space": "blendshapes", "channels": list(ARKIT_CHANNELS), "fps_num": 30, "fps_den": 1,
            "mean": talker.mean.tolist(), "std": talker.std.tolist(),
            "min": [0.0] * n, "max": [1.0] * n, "rest": [0.0] * n, "noise_scale": talker.noise_scale.tolist(),
        },
        "audio": asdict(MelSpec()) | {"mel_frames_per_group": 10, "anim_frames_per_group": 3},
        "networks": {
            "audio_encoder": {"file": "audio_encoder.onnx", "n_features": talker.config.encoder.d_model},
            "denoiser": {"file": "denoiser.onnx"},
        },
        "sampler": {"prediction": "x0", "steps": [s.as_dict() for s in steps]},
        "profiles": PROFILES,
        "default_profile": "offline",
        "identities": {
            "file": "identities.safetensors", "tensor": "identity_embedding",
            "names": about["identities"], "default": about["identities"][0],
        },
    }  # fmt: skip


def file_table(folder: Path) -> dict[str, dict]:
    """Size and SHA-256 of every file but bundle.json."""
    paths = sorted(p for p in folder.iterdir() if p.name != "bundle.json")
    return {
        p.name: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "size_bytes": p.stat().st_size} for p in paths
    }


def seal(folder: Path, description: dict) -> None:
    """Writes bundle.json over the files that lie in the folder."""
    text = json.dumps(description | {"files": file_table(folder)}, indent=1)
    (folder / "bundle.json").write_text(text + "\n", encoding="utf-8")


def write_bundle(talker: Talker, about: dict, out: Path, name: str, version: str, card: Path | None) -> None:
    """Builds beside `out`, then replaces it, so that a failed export leaves the old bundle."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        folder = Path(temporary) / out.name
        folder.mkdir()
        export_networks(talker, folder)
        with torch.no_grad():
            embeddings = talker.identities.embeddings().contiguous()
        save_file({"identity_embedding": embeddings}, str(folder / "identities.safetensors"))
        (folder / "identities.safetensors").chmod(0o644)
        if card is not None:
            shutil.copyfile(card, folder / "README.md")
        seal(folder, manifest(talker, about, name, version))
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="base")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--card", type=Path, default=Path("training/cards/base.md"), help="model card")
    args = parser.parse_args()
    talker, about = load_talker(args.student)
    write_bundle(talker, about, args.out, args.name, args.version, args.card if args.card.exists() else None)
    n_parameters = sum(p.numel() for m in (talker.encoder, talker.denoiser) for p in m.parameters())
    print(f"{args.out}: {n_parameters / 1e6:.2f} M parameters, {about['sampler_steps']} steps")


if __name__ == "__main__":
    main()
