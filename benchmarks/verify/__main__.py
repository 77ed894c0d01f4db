"""`python -m benchmarks.verify`: PyTorch, ONNX and engines of one bundle compared; 1 when a limit is broken."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.verify.compare import Comparison, Judge
from benchmarks.verify.parts import OnnxParts, Parts, TorchParts
from benchmarks.verify.reference import Reference, measure_reference
from diffusiontalker.bench.clip import recording
from diffusiontalker.errors import DiffusionTalkerError, EngineError
from diffusiontalker.spec import bundles


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify", description=__doc__)
    parser.add_argument("bundle", nargs="?", default="base", help="name or folder (default: base)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--audio", type=Path, help="speech, some seconds of it")
    source.add_argument("--reference", type=Path, help="file of --save, for a machine without PyTorch: engines only")
    parser.add_argument("--save", type=Path, help="file for what PyTorch computes, for --reference elsewhere")
    parser.add_argument("--profile", default="live", help="latency profile (default: live)")
    parser.add_argument("--engines", type=Path, help="folder of an engine set; needs a GPU and pycuda")
    parser.add_argument("--recordings", type=Path, help="folder of speech with phones, to score closures on")
    parser.add_argument("--limit", type=int, help="only so many of the recordings")
    parser.add_argument("--out", type=Path, help="JSON file for the result")
    args = parser.parse_args(argv)
    try:
        result = verify(args)
    except (DiffusionTalkerError, OSError, ValueError) as e:
        print(f"error: {e}", file=sys.stderr)
        return getattr(e, "exit_code", 3)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if result["kept"] else 1


def verify(args: argparse.Namespace) -> dict:
    bundle = bundles.resolve(args.bundle)
    candidates: list[tuple[Parts, bool]] = []
    if args.reference:
        reference = Reference.load(args.reference, bundle)
    else:
        halves = TorchParts(bundle, half=False), TorchParts(bundle, half=True)
        reference = measure_reference(bundle, recording(args.audio), args.profile, *halves)
        candidates += [(OnnxParts(bundle, half), half) for half in (False, True)]
    if args.save:
        reference.save(args.save)
    profile_of_layers: dict = {}
    engines = None
    if args.engines:
        from benchmarks.verify.engine_parts import EngineParts

        engines = EngineParts(args.engines)
        candidates.append((engines, engines.engines.identity.precision == "f16"))
    if not candidates:
        raise EngineError("there is nothing to compare with the reference: name an engine set with --engines")
    judge = Judge(bundle, reference)
    compared = [judge.compare(parts, half) for parts, half in candidates]
    for comparison in compared:
        _print(comparison)
    if engines is not None:
        profile_of_layers = engines.layer_times()
    scores = {}
    if args.recordings:
        from benchmarks.verify.scores import score_precisions

        scores = score_precisions(
            bundle, reference.profile, args.recordings, [parts for parts, _ in candidates], args.limit
        )
    return {
        "schema": "diffusiontalker.verify/1", "kept": all(c.kept for c in compared),
        "audio": (args.audio or args.reference).name, "profile": reference.profile,
        "n_frames": len(judge.expected), "pytorch_float16": judge.half,
        "compared": [c.as_dict() for c in compared], "layers": profile_of_layers, "scores": scores,
    }  # fmt: skip


def _print(comparison: Comparison) -> None:
    print(f"{comparison.name}: {'within its limits' if comparison.kept else 'BEYOND ITS LIMITS'}")
    for e in comparison.errors:
        mark = "" if e.kept else "  <-- beyond"
        worst = f"worst {e.worst:.2e} (<= {e.worst_limit:.2e})"
        print(f"  {e.what:10} rms {e.rms:.2e} (<= {e.rms_limit:.2e})  {worst}{mark}")
    print("  " + ", ".join(f"{key} {value:.4g}" for key, value in comparison.lips.items()))


if __name__ == "__main__":
    sys.exit(main())
