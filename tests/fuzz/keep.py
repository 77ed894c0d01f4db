"""Copies the smallest files of a fuzzer's corpus to the committed one, up to a size: keep.py FROM TO [BYTES].
What the committed corpus has stays. Files are named by their content, and the repository stays light."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

MAX_BYTES = 24_000  # of a target


def main(source: Path, target: Path, most: int = MAX_BYTES) -> int:
    target.mkdir(parents=True, exist_ok=True)
    size = sum(path.stat().st_size for path in target.iterdir())
    known = {path.read_bytes() for path in target.iterdir()}
    kept = 0
    for path in sorted(source.iterdir(), key=lambda p: (p.stat().st_size, p.name)):
        data = path.read_bytes()
        if data in known or size + len(data) > most:
            continue
        (target / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
        size, kept = size + len(data), kept + 1
    print(f"{target}: {kept} more files, {size} bytes in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
