"""A bundle with the networks of the encoder stage, its styles and what was not trained there as they were:
`python -m training.export.encoder --bundle base --encoder runs/encoder.safetensors --version X.Y.Z --out DIR`"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from diffusiontalker.errors import DiffusionTalkerError
from training.export.bundle import changing
from training.export.model_arguments import BUNDLE_HELP, bundle_folder
from training.export.onnx_graphs import export_audio_encoder, export_networks
from training.export.torch_student import load_student
from training.export.trained import load_trained_denoiser, trained_encoder


def exchange_encoder(
    bundle: Path,
    checkpoint: Path,
    out: Path,
    version: str,
    card: Path | None = None,
    source: str | None = None,
    only_encoder: bool = False,
) -> None:
    """checkpoint: of training.stages.encoder. card, source: None keeps the bundle's own. only_encoder: keeps its
    denoiser, too, where the checkpoint has another. Builds beside `out`, then replaces it. Raises ValueError for a
    checkpoint of another stage or another architecture."""
    talker, description = load_student(bundle)
    talker.encoder = trained_encoder(checkpoint, talker.config.encoder)
    denoiser_too = not only_encoder and load_trained_denoiser(checkpoint, talker.denoiser)
    with changing(bundle, description, out) as folder:
        if denoiser_too:
            export_networks(talker, folder, style_encoder=False)
        else:
            export_audio_encoder(talker, folder)
        if card is not None:
            shutil.copyfile(card, folder / "README.md")
        description["version"] = version
        if source is not None:
            description["provenance"]["data"] = source


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=bundle_folder, required=True, help=BUNDLE_HELP)
    parser.add_argument("--encoder", type=Path, required=True, help="checkpoint of training.stages.encoder")
    parser.add_argument("--version", required=True, help="of the new bundle")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--card", type=Path, help="model card; default: the bundle's own")
    parser.add_argument("--source", help="the data, for the provenance; default: the bundle's own")
    parser.add_argument(
        "--only-encoder", action="store_true", help="keep the bundle's denoiser where the checkpoint has another"
    )
    args = parser.parse_args()
    try:
        exchange_encoder(
            args.bundle, args.encoder, args.out, args.version, args.card, args.source, args.only_encoder
        )  # fmt: skip
    except (ValueError, OSError, DiffusionTalkerError) as e:
        parser.error(str(e))
    print(f"{args.out}: {json.loads((args.out / 'bundle.json').read_text())['version']}")


if __name__ == "__main__":
    main()
