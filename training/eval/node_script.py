"""Scripts of training/eval/rival_scripts under node: recordings in, one line of JSON each out."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).parent / "rival_scripts"


def run_script(script: str, folder: Path, package: str, sounds: list[bytes]) -> list:
    """What a script says of each sound.
    folder: holds node_modules with the package.   sounds: raw audio in the script's own format.
    Raises ValueError: node or the package is missing (and what to install), or what node said when it failed."""
    node = shutil.which("node")
    if node is None:
        raise ValueError("node is not installed")
    if not (Path(folder) / "node_modules" / package).is_dir():
        raise ValueError(f"its package is missing: npm install --prefix {folder}")
    if not sounds:
        return []
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place) / f"{k}.raw" for k in range(len(sounds))]
        for path, sound in zip(paths, sounds, strict=True):
            path.write_bytes(sound)
        done = subprocess.run(
            [node, SCRIPTS / script, folder], input="\n".join(map(str, paths)), capture_output=True, text=True
        )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(sounds):
        raise ValueError(f"node gave {len(lines)} results for {len(sounds)} recordings: {done.stderr[-300:]}")
    return [json.loads(line) for line in lines]
