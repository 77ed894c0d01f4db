"""A bundle with one more talking identity, of training.stages.identity:
`python -m training.export.identity --bundle base --identity runs/NAME.safetensors --name NAME --out DIR`"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from diffusiontalker.errors import DiffusionTalkerError
from training.export.bundle import changing
from training.export.model_arguments import BUNDLE_HELP, bundle_folder
from training.export.torch_student import load_student
from training.export.trained import load_identity


def add_identity(bundle: Path, checkpoint: Path, name: str, out: Path) -> None:
    """Builds beside `out`, then replaces it; `out` may be `bundle` itself. Raises ValueError for a checkpoint of
    another stage, and for a name that is empty or there already."""
    talker, description = load_student(bundle)
    identities = description["identities"]
    if not name or name in identities["names"]:
        raise ValueError(f"{bundle} has an identity {name!r} already" if name else "the name is empty")
    identity = load_identity(checkpoint)
    personaliser = talker.personaliser
    with torch.no_grad():
        table = torch.cat([personaliser.style_table(), personaliser.in_every_emotion(identity[None])])
    if "emotions" not in identities:
        table = table[:, 0]
    with changing(bundle, description, out) as folder:
        path = folder / identities["file"]
        save_file({identities["tensor"]: table.contiguous()}, str(path))
        path.chmod(0o644)
        identities["names"].append(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=bundle_folder, required=True, help=BUNDLE_HELP)
    parser.add_argument("--identity", type=Path, required=True, help="checkpoint of training.stages.identity")
    parser.add_argument("--name", required=True, help="of the identity in the new bundle")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        add_identity(args.bundle, args.identity, args.name, args.out)
    except (ValueError, OSError, DiffusionTalkerError) as e:
        parser.error(str(e))
    names = json.loads((args.out / "bundle.json").read_text())["identities"]["names"]
    print(f"{args.out}: {', '.join(names)}")


if __name__ == "__main__":
    main()
