"""What moves each target of a head: by a mapping, by names, or by the expressions of VRM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from diffusiontalker.errors import InputError
from diffusiontalker.io.glb_container import GENERATOR
from diffusiontalker.io.gltf.container import Gltf
from diffusiontalker.ownhead.fit import fit_plan
from diffusiontalker.ownhead.mapping import Mapping, check_targets
from diffusiontalker.ownhead.names import ENOUGH_LIP_CHANNELS, Match, Plan, Terms, lip_sources, match_all
from diffusiontalker.ownhead.rig import Expressions, MorphMesh, expressions, label
from diffusiontalker.ownhead.visemes import VISEMES

_MAX_NAMES_TOLD = 12
# Our tongueOut is at the teeth at 0.5. ARKit's is far out of the mouth at 1, and on most characters it goes through the
# lower lip before. With this share the tongue stays inside for all sounds. The number is our choice.
TONGUE_SHARE = 0.3
NO_TARGETS = (
    "the head has no blendshapes (morph targets) and no bone called jaw, so nothing of its face can move: export it "
    "with shape keys, or name the jaw in a mapping (jaw_bone)"
)


def head_plan(
    gltf: Gltf, meshes: list[MorphMesh], mapping: Mapping, fit: bool
) -> tuple[Plan, tuple[str, ...], float | None]:
    """What moves each target, sentences for the user, and the error of the fit (HeadReport.fit_error).
    fit: find it by the targets' shapes.   Raises InputError as plan_of() and, for a fit, ownhead.fit.
    """
    if not fit:
        share = 1.0 if is_built_in(gltf.document) else TONGUE_SHARE
        return plan_of(meshes, expressions(gltf, meshes), mapping, share), (), None
    if not meshes:
        raise InputError(NO_TARGETS)
    check_targets(mapping, target_names(meshes))
    plan, notes, error = fit_plan(gltf, meshes)
    _override(plan, meshes, mapping)
    return plan, notes, error


def is_built_in(document: dict) -> bool:
    """Whether a .glb holds the built-in head, by the program that wrote it."""
    asset = document.get("asset")
    return isinstance(asset, dict) and str(asset.get("generator", "")).startswith(GENERATOR)


def plan_of(meshes: list[MorphMesh], expressions: Expressions, mapping: Mapping, tongue_share: float) -> Plan:
    """What moves each target by names. VRM's expressions count where the targets' own names move too little of a mouth.
    tongue_share: of our tongueOut, for targets that are found by their names.
    Raises InputError for a mapping of targets that the head does not have.
    """
    check_targets(mapping, target_names(meshes))
    found = {mesh.index: match_all(mesh.names) for mesh in meshes}
    best = max((len(lip_sources(matches.values())) for matches in found.values()), default=0)
    if best < ENOUGH_LIP_CHANNELS:
        by_expression = _of_expressions(expressions)
        if by_expression:
            found = {mesh.index: by_expression.get(mesh.index, {}) for mesh in meshes}
    for matches in found.values():
        for i, m in matches.items():
            if "tongueOut" in m.terms:
                matches[i] = replace(m, terms={**m.terms, "tongueOut": tongue_share * m.terms["tongueOut"]})
    _override(found, meshes, mapping)
    return found


def _override(plan: Plan, meshes: list[MorphMesh], mapping: Mapping) -> None:
    """What the mapping says goes before what was found."""
    for mesh in meshes:
        for i in range(len(mesh.names)):
            terms = mapping.targets.get(label(mesh, i))
            if terms is not None:
                plan[mesh.index].pop(i, None)
            if terms:
                plan[mesh.index][i] = Match(terms, "map")


def _of_expressions(expressions: Expressions) -> Plan:
    names = list(expressions)
    terms: dict[tuple[int, int], Terms] = {}
    for i, m in match_all(names).items():
        for mesh, target, weight in expressions[names[i]]:
            into = terms.setdefault((mesh, target), {})
            for source, share in m.terms.items():
                into[source] = into.get(source, 0.0) + weight * share
    plan: Plan = {}
    for (mesh, target), made in terms.items():
        plan.setdefault(mesh, {})[target] = Match(made, "VRM expression")
    return plan


def target_names(meshes: list[MorphMesh]) -> list[str]:
    """The names of all targets, each once; those without a name as mesh and number."""
    return list(dict.fromkeys(label(mesh, i) for mesh in meshes for i in range(len(mesh.names))))


def by_name(meshes: Iterable[MorphMesh], plan: Plan) -> dict[str, Match | None]:
    """What moves the targets of each name; the first mesh that has a match tells it."""
    found: dict[str, Match | None] = {}
    for mesh in meshes:
        for i in range(len(mesh.names)):
            found[label(mesh, i)] = found.get(label(mesh, i)) or plan[mesh.index].get(i)
    return found


def shown_by(plan: Plan) -> set[str]:
    """The channels and visemes that some target shows."""
    return {source for matches in plan.values() for m in matches.values() for source in m.terms}


def channels_of(sources: set[str]) -> set[str]:
    """The sources, and the channels that their visemes are made of."""
    return sources | {channel for viseme in sources & VISEMES.keys() for channel in VISEMES[viseme]}


def no_match(meshes: list[MorphMesh]) -> InputError:
    """The error for a head of which no target is known."""
    if not meshes:
        return InputError(NO_TARGETS)
    names = target_names(meshes)
    told = ", ".join(names[:_MAX_NAMES_TOLD]) + (
        f" and {len(names) - _MAX_NAMES_TOLD} more" * (len(names) > _MAX_NAMES_TOLD)
    )
    return InputError(
        f"no target of the head has a name that is known ({told}): go by their shapes (fit), or name them in a mapping",
        command_line="--fit goes by their shapes, and `diffusiontalker head inspect HEAD -o map.tsv` drafts a mapping "
        "for --map map.tsv",
    )
