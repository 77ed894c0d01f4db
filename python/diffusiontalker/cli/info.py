"""`diffusiontalker info`: what a bundle holds, where it comes from and what one may do with it."""

from __future__ import annotations

from diffusiontalker.cli import arguments
from diffusiontalker.cli.console import Console
from diffusiontalker.errors import BundleError
from diffusiontalker.spec import bundles
from diffusiontalker.spec.channels import HEAD_POSE_CHANNELS


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "info",
        help="describe a bundle",
        description="Describes a bundle: licence, provenance, identities, channels, latency profiles, files.",
        examples="""diffusiontalker info
        diffusiontalker info path/to/bundle --json""",
    )
    parser.add_argument("bundle", nargs="?", default="base", metavar="BUNDLE", help="name or folder (default: base)")
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    folder = bundles.resolve(args.bundle)
    description = bundles.read_description(folder)
    problems = bundles.file_problems(folder, description)
    if args.json:
        console.json(
            {
                "schema": "diffusiontalker.info/1",
                "path": str(folder),
                "whole": not problems,
                "problems": problems,
                "bundle": description,
            }
        )
    else:
        console.table(rows(folder, description, problems), ("bundle", description["name"]))
    if problems:
        raise BundleError(f"{folder} is not whole: {problems[0]}")
    return 0


def rows(folder, description: dict, problems: list[str]) -> list[tuple[str, str]]:
    """(subject, text) lines for people."""
    motion, identities = description["motion"], description["identities"]
    fps = motion["fps_num"] / motion["fps_den"]
    lines = [
        ("path", str(folder)),
        ("version", f"{description.get('version', '?')} (format {description.get('format_version', '?')})"),
        ("licence", str(description.get("license", "not stated"))),
    ]
    provenance = description.get("provenance", {})
    if isinstance(provenance, dict):
        lines += [(f"provenance: {key}", _line(value)) for key, value in provenance.items()]
    lines += [
        ("output", f"{_count(motion)} {motion['space']} at {fps:g} frames/s"),
        *([("channels", ", ".join(_weights(motion)))] if "channels" in motion else []),
        *([("head pose", ", ".join(HEAD_POSE_CHANNELS))] if _has_pose(motion) else []),
        *([("rig", _rig(description["rig"]))] if "rig" in description else []),
        ("identities", ", ".join(_default(n, identities["default"]) for n in identities["names"])),
        ("emotions", _emotions(identities)),
        ("sampler", f"{len(description['sampler']['steps'])} steps"),
    ]
    for name, profile in description["profiles"].items():
        hop, lookahead = (1000 * profile[key] / fps for key in ("hop_frames", "lookahead_frames"))
        front_end = _front_end_ms(description["audio"])
        parts = f"hop {hop:.0f} ms + lookahead {lookahead:.0f} ms + front end {front_end:.1f} ms"
        text = f"{parts} = a frame leaves at most {hop + lookahead + front_end:.0f} ms late, plus compute"
        lines.append((f"profile {_default(name, description['default_profile'])}", text))
    size = sum(f["size_bytes"] for f in description["files"].values())
    lines.append(("files", f"{len(description['files'])}, {size / 1e6:.1f} MB, " + _line(problems or "all whole")))
    return lines


def _front_end_ms(audio: dict) -> float:
    """The last log-mel frame of a window is centred a mel hop before its end, and needs half a window behind that."""
    return 1000 * (audio["window_length"] / 2 - audio["hop_length"]) / audio["sample_rate_hz"]


def _count(motion: dict) -> int:
    return motion["n_channels"] // 3 if motion["space"] == "vertices" else len(_weights(motion))


def _has_pose(motion: dict) -> bool:
    return HEAD_POSE_CHANNELS[0] in motion.get("channels", ())


def _weights(motion: dict) -> list[str]:
    return [c for c in motion["channels"] if c not in HEAD_POSE_CHANNELS]


def _emotions(identities: dict) -> str:
    names = identities.get("emotions", [])
    return ", ".join(_default(n, identities["default_emotion"]) for n in names) or "none"


def _rig(rig: dict) -> str:
    unit = rig.get("unit_m")
    return f"{rig['file']}, unit of length " + (f"{unit:g} m" if unit is not None else "not stated")


def _default(name: str, default: str) -> str:
    return f"{name} (default)" if name == default else name


def _line(value) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_line(v)}" for k, v in value.items())
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
