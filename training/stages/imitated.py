"""Speech without motion gets the teacher's: real recordings for the distillation.
`python -m training.stages.imitated --clips DIR --teacher runs/teacher.safetensors --out DIR`

Each clip is animated in an identity and an emotion drawn at random (half of the clips are neutral). Phones that are not
known become those that the teacher's phone classifier gives."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from diffusiontalker.spec.mel import MelSpec
from diffusiontalker.spec.profiles import profile_sizes
from diffusiontalker.spec.sampler import sampler_table
from training.diffusion.window_sampler import FeatureTimeline, MelTimeline, Timeline, animate
from training.encoders.cache import FeatureSet, FeatureWriter
from training.export.trained import load_phone_head, load_talker
from training.loop.errors import reports_errors
from training.models.attention import MAX_FRAMES
from training.models.talker import Talker
from training.prepared.clips import NO_PHONE, Clip, ClipSet, ClipWriter, check_library

NEUTRAL_SHARE = 0.5
# Clips that are animated at once; those of similar length are, so that little is computed for nothing.
BATCH = 32
PIECE_FRAMES = MAX_FRAMES // 60 * 60  # of which phones are read at once; a whole number of groups at any rate
# What a clip says of itself apart from its place in the arrays and its style.
KEPT = ("utterance", "split", "speaker", "speech_frame", "speech_frames", "voice_identity", "voice_emotion")


def draw_styles(n: int, n_identities: int, n_emotions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(identity, emotion) indices, int64 [n] each."""
    rng = np.random.default_rng(seed)
    emotion = np.where(rng.random(n) < NEUTRAL_SHARE, 0, rng.integers(0, n_emotions, n))
    return rng.integers(0, n_identities, n), emotion


class Imitation:
    """The motion that a teacher gives clips, with so many DDIM steps. head: its phone classifier."""

    def __init__(self, teacher: Talker, head: nn.Linear, clips: ClipSet, features: FeatureSet | None, n_steps: int):
        self.teacher, self.head, self.clips, self.features = teacher, head, clips, features
        self.steps = sampler_table(n_steps, teacher.config.denoiser.n_train_steps)
        self.profile = profile_sizes("offline")

    @torch.no_grad()
    def __call__(self, clips: list[Clip], identity: np.ndarray, emotion: np.ndarray, seed: int) -> list[np.ndarray]:
        """Motion [n_frames, C] per clip."""
        styles = self.teacher.personaliser.style(torch.from_numpy(identity), torch.from_numpy(emotion))
        seeds = [seed + k for k in range(len(clips))]
        return animate(self.teacher, self._timeline(clips), styles, self.steps, self.profile, seeds)

    @torch.no_grad()
    def phones(self, clip: Clip) -> np.ndarray:
        """int [n_frames] into PHONE_NAMES: the clip's own where they are known, else what the teacher's head reads."""
        known = self.clips.clip_phone(clip)
        if (known != NO_PHONE).all():
            return known
        audio = self.features.clip_features(clip) if self.features else self.clips.clip_mel(clip)
        rows = PIECE_FRAMES * len(audio) // clip.n_frames
        pieces = torch.from_numpy(np.asarray(audio, np.float32)).split(rows)
        read = torch.cat([self.head(self.teacher.encoder(p[None]))[0].argmax(dim=-1) for p in pieces])
        return np.where(known == NO_PHONE, read.numpy(), known)

    def _timeline(self, clips: list[Clip]) -> Timeline:
        if self.features is None:
            mels = [np.asarray(self.clips.clip_mel(c), np.float32) for c in clips]
            return MelTimeline(mels, self.clips.info.motion.group, float(np.log(MelSpec().log_floor)))
        return FeatureTimeline([self.features.clip_features(c) for c in clips], [c.n_frames for c in clips], lead=0)


def write_imitated(imitation: Imitation, out: Path, seed: int) -> None:
    """A folder like that of the imitation's clips, with the teacher's motion."""
    clips, features = imitation.clips, imitation.features
    info = clips.info
    identity, emotion = draw_styles(len(clips.clips), len(info.identities), len(info.emotions), seed)
    order = np.argsort([c.n_frames for c in clips.clips], kind="stable")
    motion: dict[int, np.ndarray] = {}
    for i in tqdm(range(0, len(order), BATCH), desc="imitated"):
        rows = order[i : i + BATCH]
        found = imitation([clips.clips[r] for r in rows], identity[rows], emotion[rows], seed + i)
        motion |= {int(r): m for r, m in zip(rows, found, strict=True)}
    if features is not None:
        with FeatureWriter(out, features.info) as writer:
            for clip in clips.clips:
                writer.add(features.clip_features(clip))
    with ClipWriter(out, info) as writer:
        for k, clip in enumerate(clips.clips):
            about = {n: v for n, v in asdict(clip).items() if n in KEPT}
            style = {"identity": int(identity[k]), "emotion": int(emotion[k])}
            writer.add(clips.clip_mel(clip), motion[k], imitation.phones(clip), **about, **style)


@reports_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="clips whose motion does not count")
    parser.add_argument("--teacher", type=Path, required=True, help="checkpoint of a teacher, an adapter or a student")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=8, help="sampler steps of the teacher")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.out.resolve() == args.clips.resolve():
        parser.error("--out is the folder of --clips: name another, its motion is not overwritten")
    teacher, about = load_talker(args.teacher)
    clips = ClipSet(args.clips)
    check_library(args.teacher, about["identities"], about["emotions"], clips)
    features = FeatureSet(clips) if teacher.config.d_features else None
    head = load_phone_head(args.teacher, teacher.config.encoder.d_model)
    write_imitated(Imitation(teacher, head, clips, features, args.steps), args.out, args.seed)
    print(f"{len(clips.clips)} clips -> {args.out}")


if __name__ == "__main__":
    main()
