"""`diffusiontalker doctor`: what was found, what not, why, and what to do."""

from __future__ import annotations

from diffusiontalker.cli import arguments, checks, engine_checks
from diffusiontalker.cli.console import Console

_MARK = {"ok": "green", "note": "yellow", "FAIL": "red"}


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "doctor",
        help="check this installation",
        description="Checks everything that animating needs. Ends with 0 when the main job works: load the base "
        "bundle and animate; 4 or 5 tells that the bundle or the library and its backends are at fault.",
        examples="""diffusiontalker doctor
        diffusiontalker doctor --json""",
    )
    arguments.add_common(parser)
    return parser


def run(args, console: Console) -> int:
    found = [*checks.all_checks(), *engine_checks.all_checks()]
    worst = max((c.exit_code for c in found if c.status == "FAIL"), default=0)
    if args.json:
        console.json(
            {
                "schema": "diffusiontalker.doctor/1",
                "works": worst == 0,
                "checks": [
                    {"name": c.name, "status": c.status.lower(), "found": c.found, "advice": c.advice} for c in found
                ],
            }
        )
        return worst
    width = max(len(c.name) for c in found)
    for check in found:
        console.show(f"{check.status.ljust(4)}  {check.name.ljust(width)}  {check.found}", first=_MARK[check.status])
        if check.advice:
            console.show(f"{'':{width + 8}}-> {check.advice}")
    console.show("\nThe main job works." if worst == 0 else "\nThe main job does not work: see FAIL above.")
    return worst
