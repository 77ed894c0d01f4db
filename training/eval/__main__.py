"""Scores of motion: `evaluate` against held-out synthetic speech, `speech` on real recordings, `style` of talking
identities and emotions, `latency` of profiles, `mesh` of vertices, `languages` of espeak-ng."""

from __future__ import annotations

import argparse
import sys

from diffusiontalker.errors import DiffusionTalkerError
from training.eval import evaluate, languages, latency, mesh, speech, style


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    parts = {
        "evaluate": evaluate, "speech": speech, "style": style, "mesh": mesh, "latency": latency,
        "languages": languages,
    }  # fmt: skip
    for name, part in parts.items():
        part.add_arguments(commands.add_parser(name, description=part.__doc__))
    args = parser.parse_args(arguments)
    try:
        parts[args.command].run(args)
    except (ValueError, OSError, ImportError, DiffusionTalkerError) as error:
        print(f"{parser.prog} {args.command}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
