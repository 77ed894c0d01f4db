"""`python -m training.eval mesh`: checkpoints on the prepared clips of a mesh data set, scored as the field does."""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.profiles import PROFILES, profile_sizes
from diffusiontalker.spec.sampler import sampler_table
from training.diffusion.window_sampler import MelTimeline, animate
from training.eval.mesh_rig import MeshRig, Regions, choose_regions
from training.eval.models import ModelSpec, parse_models
from training.eval.report import Column, Row, write_report
from training.eval.scores_mesh import (
    diversity,
    fdd,
    mean_vertex_error,
    mouth_opening_difference,
    region_max_error,
)
from training.export.trained import load_talker
from training.prepared.clips import Clip, ClipSet, check_library
from training.prepared.motion_space import MotionSpace

COLUMNS = [
    Column("lve_mm2", "LVE mm²", ".3f"), Column("lve_mm", "LVE mm"), Column("mve_mm", "MVE mm"),
    Column("fdd_mm2", "FDD mm²", "+.4f"), Column("fdd_abs_mm2", "FDD abs mm²", ".4f"),
    Column("eve_mm2", "EVE mm²", ".3f"), Column("mod_mm", "MOD mm"), Column("diversity_mm", "diversity mm"),
    Column("lve_unit2", "LVE unit²", ".3e"), Column("fdd_unit2", "FDD unit²", "+.3e"),
]  # fmt: skip
NOTES = [
    "LVE mm²: greatest squared distance over lip vertices per frame, mean over frames, as public code computes it; LVE "
    "mm: its root per frame. FDD: truth minus prediction, signed and absolute, mean over clips. unit²: in the data's "
    "own unit, as published tables have them. `training/eval/scores_mesh.py` states every definition.",
    "Speakers of no training identity get every one of them, with the scores averaged, as published; diversity is "
    "between those. The others get their own. Scored are the frames of the takes, not the silence put around them. "
    "still: the template without movement.",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clips", type=Path, required=True, help="folder of python -m training.datasets prepare")
    parser.add_argument("--split", default="test", help="test_b: BIWI's unseen speakers")
    parser.add_argument("--limit", type=int, help="score only the first so many clips")
    parser.add_argument(
        "--model", action="append", required=True, metavar="NAME=CHECKPOINT[@STEPS,..]",
        help="a teacher or student with the compact audio encoder, with other sampler steps than its own after @",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="folder for table.md and scores.json")
    parser.add_argument("--profile", default="offline", choices=list(PROFILES))
    parser.add_argument("--seed", type=int, default=0, help="of the noise of the first clip, then counting up")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")


class MeshAnimator:
    """A checkpoint on prepared clips, which have their log-mel beside them."""

    def __init__(self, spec: ModelSpec, clips: ClipSet, profile: str):
        """Raises ValueError for a model of another motion or library, or that takes features of a large encoder."""
        if not spec.path.is_file():
            raise FileNotFoundError(f"--model {spec.name}: there is no checkpoint {spec.path}")
        self.talker, about = load_talker(spec.path)
        if self.talker.config.d_features:
            raise ValueError(f"{spec.path} takes features of a large encoder: give a student, distilled with --encoder")
        if MotionSpace.from_dict(about["motion"]) != clips.info.motion:
            raise ValueError(f"{spec.path} was trained on another motion than that of {clips.folders[0]}")
        check_library(spec.path, about["identities"], about["emotions"], clips)
        n_train_steps = self.talker.config.denoiser.n_train_steps
        self.steps = sampler_table(spec.n_steps or about.get("sampler_steps", n_train_steps), n_train_steps)
        self.n_steps = len(self.steps)
        self.profile = profile_sizes(profile)
        self.clips = clips

    def __call__(self, clip: Clip, identities: list[int], seed: int) -> list[np.ndarray]:
        """Motion [n_frames, C] of a clip under each of the identities, with the same noise."""
        mel = np.asarray(self.clips.clip_mel(clip), np.float32)
        silence = float(np.log(MelSpec().log_floor))
        n = len(identities)
        timeline = MelTimeline([mel] * n, self.clips.info.motion.group, silence)
        with torch.no_grad():
            styles = self.talker.personaliser.style(torch.tensor(identities), torch.full((n,), clip.emotion))
        return animate(self.talker, timeline, styles, self.steps, self.profile, [seed] * n)


class Tally:
    """Scores of a test set: those of frames are averaged over all frames of all clips, the others over clips."""

    def __init__(self, regions: Regions, unit_mm: float):
        self.regions, self.unit_mm = regions, unit_mm
        self._frames: dict[str, list[np.ndarray]] = defaultdict(list)
        self._clips: dict[str, list[float]] = defaultdict(list)

    def add(self, predictions: list[np.ndarray], truth: np.ndarray, template: np.ndarray) -> None:
        """Results for one clip, whose scores are averaged. Absolute positions [n, V, 3] in the data's unit."""
        r, scale = self.regions, self.unit_mm
        lve = [region_max_error(p, truth, r.lips) for p in predictions]
        dynamics = np.array([fdd(p, truth, template, r.upper) for p in predictions])
        frames = {
            "lve_unit2": lve,
            "lve_mm2": [x * scale**2 for x in lve],
            "lve_mm": [np.sqrt(x) * scale for x in lve],
            "mve_mm": [mean_vertex_error(p, truth) * scale for p in predictions],
        }
        if r.eyes is not None:
            frames["eve_mm2"] = [region_max_error(p, truth, r.eyes) * scale**2 for p in predictions]
        if r.lip_pairs is not None:
            frames["mod_mm"] = [mouth_opening_difference(p, truth, r.lip_pairs) * scale for p in predictions]
        for name, values in frames.items():
            self._frames[name].append(np.mean(values, axis=0))
        self._clips["fdd_unit2"].append(float(dynamics.mean()))
        self._clips["fdd_mm2"].append(float(dynamics.mean()) * scale**2)
        self._clips["fdd_abs_mm2"].append(float(np.abs(dynamics).mean()) * scale**2)
        if len(predictions) > 1:
            self._clips["diversity_mm"].append(diversity(predictions) * scale)

    def result(self) -> dict[str, float]:
        frames = {name: float(np.concatenate(values).mean()) for name, values in self._frames.items()}
        return frames | {name: float(np.mean(values)) for name, values in self._clips.items()}


def speech_frames(clip: Clip) -> slice:
    return slice(clip.speech_frame, clip.speech_frame + clip.speech_frames)


def score_models(
    clips: ClipSet, chosen: list[Clip], rig: MeshRig, regions: Regions, animators: list[MeshAnimator], seed: int
) -> list[dict[str, float]]:
    """Scores of the still face and of every model, clip by clip, so that the truth is made once and memory does not
    grow with the data."""
    still, *tallies = (Tally(regions, 1000 * rig.unit_m) for _ in range(1 + len(animators)))
    everyone = list(range(len(clips.info.identities)))
    for k, clip in enumerate(tqdm(chosen, desc="mesh", unit="clip", disable=None)):
        part = speech_frames(clip)
        template = rig.template(clip.speaker)
        truth = rig.vertices(clips.clip_motion(clip)[part], template)
        still.add([np.broadcast_to(template, truth.shape)], truth, template)
        identities = [clip.identity] if clip.identity >= 0 else everyone
        for tally, animator in zip(tallies, animators, strict=True):
            motion = animator(clip, identities, seed + k)
            tally.add([rig.vertices(m[part], template) for m in motion], truth, template)
    return [tally.result() for tally in (still, *tallies)]


def run(args: argparse.Namespace) -> list[Row]:
    """Prints the table, writes the report; raises ValueError or FileNotFoundError for wrong arguments."""
    torch.set_num_threads(args.threads)
    clips = ClipSet(args.clips)
    chosen = clips.of_split(args.split)[: args.limit]
    if not chosen:
        splits = ", ".join(sorted({c.split for c in clips.clips}))
        raise ValueError(f"{args.clips} has no clip of split {args.split!r}: it has {splits}")
    rig = MeshRig.load(args.clips, clips.info)
    regions, used = choose_regions(rig)
    print(*used, sep="\n", flush=True)
    specs = parse_models(args.model)
    animators = [MeshAnimator(spec, clips, args.profile) for spec in specs]
    still, *scores = score_models(clips, chosen, rig, regions, animators, args.seed)
    rows = [Row("still", still)]
    rows += [Row(s.name, values, a.n_steps) for s, values, a in zip(specs, scores, animators, strict=True)]
    notes = NOTES + used + rig.notes(clips.info)
    about = {
        "command": "mesh", "data_set": clips.info.extra.get("data_set"), "split": args.split, "limit": args.limit,
        "profile": args.profile, "seed": args.seed, "models": args.model, "n_clips": len(chosen),
        "unseen_speakers": sorted({c.speaker for c in chosen if c.identity < 0}),
    }  # fmt: skip
    title = f"Scores on {len(chosen)} clips of {clips.info.extra.get('data_set', 'a mesh data set')} ({args.split})"
    print(write_report(args.out, title, notes, rows, COLUMNS, about))
    return rows
