"""`python -m diffusiontalker.blender`: writes the extension for Blender as a .zip."""

from __future__ import annotations

import argparse
import sys

from diffusiontalker.blender.build import build_extension
from diffusiontalker.errors import DiffusionTalkerError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m diffusiontalker.blender",
        description="Writes the extension for Blender 4.2 and later. Install it in Blender by Edit, Preferences, Get "
        "Extensions, Install from Disk.",
    )
    parser.add_argument(
        "-o", "--output", metavar="ZIP", default="diffusiontalker_blender.zip", help="default: %(default)s"
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite a file that exists")
    args = parser.parse_args()
    try:
        build_extension(args.output, force=args.force)
    except DiffusionTalkerError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    print(f"{args.output}: install it in Blender by Edit, Preferences, Get Extensions, Install from Disk")
    return 0


if __name__ == "__main__":
    sys.exit(main())
