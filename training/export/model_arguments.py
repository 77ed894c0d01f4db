"""Arguments that name trained networks: a bundle by its name or folder, a checkpoint by its file."""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusiontalker.errors import BundleError
from diffusiontalker.spec import bundles

CHECKPOINT = ".safetensors"
BUNDLE_HELP = "name, such as base, or folder"
MODEL_HELP = "checkpoint, or bundle: its name, such as base, or folder"


def find_bundle(text: str) -> Path:
    """The folder of a bundle. One at this path comes before a shipped one of this name: recipes write their own `base`
    and go on with it. Raises BundleError, which lists the names, for anything else."""
    if (Path(text) / bundles.DESCRIPTION).is_file():
        return Path(text)
    path = bundles.resolve(text)
    if path.is_file():
        raise BundleError(f"{path} is a packed bundle: training needs its folder (unzip it)")
    return path


def bundle_folder(text: str) -> Path:
    """An argparse type: see find_bundle."""
    try:
        return find_bundle(text)
    except BundleError as e:
        raise argparse.ArgumentTypeError(str(e)) from e


def checkpoint_or_bundle(text: str) -> Path:
    """An argparse type: the path of a checkpoint, whether it is there or not, or the folder of a bundle."""
    path = Path(text)
    if path.suffix == CHECKPOINT or (path.is_file() and path.suffix != ".dtb"):
        return path
    try:
        return find_bundle(text)
    except BundleError as e:
        raise argparse.ArgumentTypeError(f"{e}; the name of a checkpoint ends in {CHECKPOINT}") from e
