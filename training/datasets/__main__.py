"""`python -m training.datasets validate|prepare --kind KIND --root DIR`; see README.md beside this file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from training.datasets.prepare import prepare
from training.datasets.registry import DATA_SETS, open_data_set
from training.datasets.take import DataError, Options
from training.datasets.validate import validate


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.datasets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("validate", "read everything and name the first wrong thing (exit code 2)"),
        ("prepare", "write clips for training and evaluation"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--kind", choices=list(DATA_SETS), required=True)
        command.add_argument("--root", type=Path, required=True, help="folder of the data set")
        command.add_argument("--limit", type=_positive, help="only so many takes of each split")
        command.add_argument("--cut-seconds", type=int, default=10, help="BEAT: length of pieces, 0 for whole takes")
        command.add_argument("--skip-incomplete", action="store_true", help="leave out takes without audio or motion")
        command.add_argument(
            "--length-tolerance", type=float, default=2.0, help="frames by which audio and motion may differ"
        )
        if name == "prepare":
            command.add_argument("--out", type=Path, required=True, help="folder of clips to write")
            command.add_argument("--basis", type=_positive, help="store vertices as so many coefficients of a basis")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Returns 0, or 2 after naming the first wrong thing on standard error."""
    args = _parser().parse_args(argv)
    options = Options(args.cut_seconds, args.skip_incomplete, args.length_tolerance)

    def progress(refs):
        return tqdm(refs, desc=args.command, disable=None)

    try:
        data = open_data_set(args.kind, args.root, options)
        if args.command == "validate":
            print(validate(data, args.limit, progress))
        else:
            print(prepare(data, args.out, args.basis, args.limit, progress))
    except (DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
