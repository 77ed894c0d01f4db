"""Options that the commands of this folder share."""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusiontalker.errors import BundleError
from diffusiontalker.spec import bundles


def bundle_folder(text: str) -> Path:
    """An argparse type: a bundle by name ("base") or the path of its folder."""
    try:
        return bundles.resolve(text)
    except BundleError as e:
        raise argparse.ArgumentTypeError(str(e)) from e
