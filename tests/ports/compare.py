"""Compares the frames that tests/ports/frames.c wrote on two systems: compare.py LIMIT EXPECTED FOUND

Prints the largest difference. Fails where it is over LIMIT, where a file is empty, or where the sizes differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def difference(expected: Path, found: Path) -> float:
    """The largest of all values. Raises ValueError where the files cannot be compared."""
    a, b = np.fromfile(expected, "<f4"), np.fromfile(found, "<f4")
    if a.size == 0 or a.size != b.size:
        raise ValueError(f"{expected} has {a.size} values and {found} has {b.size}")
    if not np.isfinite(b).all():
        raise ValueError(f"{found} holds values that are not finite")
    return float(np.abs(a - b).max())


def main(words: list[str]) -> int:
    limit = float(words[0])
    try:
        most = difference(Path(words[1]), Path(words[2]))
    except (OSError, ValueError) as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    print(f"{most:.1e}")
    return 0 if most <= limit else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
