"""python3 pack.py FOLDER FILE: a bundle folder as one file, an uncompressed ZIP of what bundle.json lists.

The same bytes as `diffusiontalker pack` writes, without the compiled package: a checkout and Python are enough. The
library checks size and SHA-256 of every file when it opens them.
"""

import json
import sys
import zipfile
from pathlib import Path


def pack(folder: Path, target: Path) -> None:
    names = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["files"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name in ("bundle.json", *sorted(names)):
            archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
