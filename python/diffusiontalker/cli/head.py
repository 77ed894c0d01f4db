"""`diffusiontalker head`: what of the user's own character would move."""

from __future__ import annotations

from pathlib import Path

from diffusiontalker.cli import arguments, own_head
from diffusiontalker.cli.console import Console
from diffusiontalker.io.atomic import atomic_writer
from diffusiontalker.ownhead.inspect import Inspection, inspect_head
from diffusiontalker.ownhead.mapping import MAP_SUFFIXES, Mapping, draft, load_mapping
from diffusiontalker.ownhead.names import Match

_MAX_TERMS = 3  # of a mixture that the list shows


def add_parser(subparsers) -> arguments.Parser:
    parser = subparsers.add_parser(
        "head",
        help="look at a character of your own",
        description="Tells what of your own character an animation would move, and drafts a mapping for the rest.",
        examples="""diffusiontalker head inspect hero.glb
        diffusiontalker head inspect hero.glb -o map.tsv
        diffusiontalker animate speech.wav --head hero.glb --map map.tsv -o spoken.glb""",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=arguments.Parser)
    inspect = actions.add_parser(
        "inspect",
        help="what moves which target",
        description="Lists the targets of a character (.glb, .vrm, .gltf), what moves each, and the node that turns "
        "with the head. With -o it writes the list as a mapping to edit.",
        examples="""diffusiontalker head inspect hero.glb
        diffusiontalker head inspect hero.glb -o map.tsv
        diffusiontalker head inspect hero.glb --map map.tsv""",
        epilog=arguments.EXIT_CODES,
    )
    inspect.add_argument("input", metavar="HEAD", help="your character: .glb, .vrm or .gltf")
    inspect.add_argument("-o", "--output", metavar="MAP", help=f"write a mapping: {' or '.join(MAP_SUFFIXES)}")
    inspect.add_argument("--map", metavar="FILE", help="a mapping to look at the character with")
    inspect.add_argument("--fit", action="store_true", help="find what moves each target by its shape")
    inspect.add_argument("-f", "--force", action="store_true", help="overwrite a mapping that exists")
    arguments.add_common(inspect)
    return parser


def run(args, console: Console) -> int:
    output = Path(args.output) if args.output else None
    if output is not None and output.suffix.lower() not in MAP_SUFFIXES:
        raise arguments.UsageError(f"a mapping ends with {' or '.join(MAP_SUFFIXES)}: {output} does not")
    path = Path(args.input)
    mapping = load_mapping(Path(args.map)) if args.map else Mapping()
    with own_head.naming(path):
        seen = inspect_head(own_head.read(path), mapping, folder=path.parent, fit=args.fit)
    if output is not None:
        with atomic_writer(output, args.force) as f:
            bones = {found.part: found.bone.name for found in seen.face_bones}
            f.write(draft(seen.targets, seen.bone, output.suffix.lower() == ".json", bones).encode())
    if args.json:
        console.json(document(args.input, seen))
    elif output is None:
        show(seen, console)
    else:
        n_still = sum(m is None for m in seen.targets.values())
        console.notice(
            f"{output}: {len(seen.targets)} targets, {n_still} of them still (-) for you to fill in or leave"
        )
    return 0


def show(seen: Inspection, console: Console) -> None:
    """The list on standard output."""
    rows = [
        (
            target,
            "-" if m is None else _terms(m),
            "" if m is None else m.kind,
        )
        for target, m in seen.targets.items()
    ]
    console.table(rows, ("target", "moved by", "found as"))
    console.notice(
        f"head pose: {'turns ' + seen.bone if seen.bone else 'no node to turn (head_bone in a mapping names one)'}"
    )
    for found in seen.face_bones:
        console.notice(f"the node {found.bone.name} turns by {own_head.few(found.channels)}")
    if seen.missing:
        console.notice(f"no target shows {own_head.few(seen.missing)}")
    for note in seen.notes:
        console.notice(note)


def _terms(m: Match) -> str:
    """The largest terms, and how many more there are."""
    largest = sorted(m.terms.items(), key=lambda term: -abs(term[1]))
    more = len(largest) - _MAX_TERMS
    return " + ".join(_term(*term) for term in largest[:_MAX_TERMS]) + (f" + {more} more" if more > 0 else "")


def _term(source: str, share: float) -> str:
    return source if share == 1 else f"{share:.3g} {source}"


def document(name: str, seen: Inspection) -> dict:
    """The document of --json. Keys are stable; new ones may be added."""
    return {
        "schema": "diffusiontalker.head-inspect/1",
        "input": name,
        "bone": seen.bone,
        "bones": {found.bone.name: list(found.channels) for found in seen.face_bones},
        "missing_channels": list(seen.missing),
        "notes": list(seen.notes),
        "targets": {
            target: None if m is None else {"by": m.kind, "from": m.terms} for target, m in seen.targets.items()
        },
    }
