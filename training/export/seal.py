"""Files of a bundle and their hashes in bundle.json. After a model card was edited:
`python -m training.export.seal python/diffusiontalker/bundles/base`
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from diffusiontalker.io.atomic import atomic_writer
from training.loop.errors import reports_errors


def file_table(folder: Path) -> dict[str, dict]:
    """Size and SHA-256 of every file but bundle.json."""
    paths = sorted(p for p in folder.iterdir() if p.name != "bundle.json")
    return {
        p.name: {"sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "size_bytes": p.stat().st_size} for p in paths
    }


def seal(folder: Path, description: dict) -> None:
    """Writes bundle.json over the files that lie in the folder."""
    text = json.dumps(description | {"files": file_table(folder)}, indent=1)
    with atomic_writer(folder / "bundle.json", force=True) as f:
        f.write((text + "\n").encode())


def seal_again(folder: Path) -> list[str]:
    """Names of the files whose entry has changed. Raises FileNotFoundError for a folder without bundle.json."""
    if not (folder / "bundle.json").is_file():
        raise FileNotFoundError(f"{folder} has no bundle.json: name the folder of a bundle")
    description = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    before = description.pop("files")
    seal(folder, description)
    after = file_table(folder)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    # No names here: they mean installed bundles, whose cards nobody edits.
    parser.add_argument("bundle", type=Path, help="folder of a bundle")
    folder = parser.parse_args().bundle
    changed = seal_again(folder)
    print(f"{folder}: {', '.join(changed)} sealed anew" if changed else f"{folder}: nothing has changed")


if __name__ == "__main__":
    main()
