"""Ways to turn audio into motion with a trained model: the runtime, and a PyTorch checkpoint."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.profiles import profile_sizes
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from diffusiontalker.spec.sampler import sampler_table
from training.data.prepare import MOTION
from training.diffusion.window_sampler import FeatureTimeline, MelTimeline, Timeline, animate
from training.encoders.cache import FeatureInfo
from training.encoders.choice import EncoderChoice
from training.encoders.frozen import FrozenEncoder
from training.encoders.resample import encode_clip
from training.eval.baselines import frame_count
from training.export.trained import load_talker
from training.prepared.framing import LEAD_FRAMES

Profile = tuple[int, int, int]  # past, hop, lookahead frames
_LONGEST_LATENCY_S = 0.5  # a profile that waits longer is not one for live speech


class BundleAnimator:
    """The shipped path: bundle, C++ runtime, one of its backends. seed: of the first clip, then counting up.
    Offers what training.eval.face.animate lists, as far as the runtime and the bundle do."""

    def __init__(
        self,
        bundle: Path,
        backend: str = "auto",
        profile: str | None = None,
        seed: int = 0,
        threads: int | None = None,
        precision: str = "auto",
    ):
        import diffusiontalker as dt

        content = json.loads((Path(bundle) / "bundle.json").read_text())
        self.default_identity: str = content["identities"]["default"]
        self.n_steps = len(content["sampler"]["steps"])
        # Resolved: a folder called like a bundle of the package is still that folder.
        self.model = dt.load(str(Path(bundle).resolve()), backend=backend, precision=precision, n_threads=threads)
        self.names, self.emotions = list(self.model.identities), list(self.model.emotions) or ["neutral"]
        self.profile, self.seed = profile, seed
        latency_s = self.model.profile(profile).latency_ms / 1000
        self.latency_s = latency_s if latency_s < _LONGEST_LATENCY_S else None
        has_dial = "emotion_strength" in inspect.signature(self.model.animate).parameters
        self.emotion_strength: float | None = 1.0 if has_dial else None
        self.pose: list[np.ndarray] | None = None

    def enroll(self, audio: np.ndarray) -> np.ndarray:
        """The style of a speaker, from audio at 16 kHz, float32 [d]."""
        return self.model.enroll(audio, SAMPLE_RATE_HZ)

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        known = self.model.emotions
        wanted = emotions or [neutral_of(known)] * len(audio) if len(known) > 1 else [None] * len(audio)
        dial: dict[str, Any] = {} if self.emotion_strength is None else {"emotion_strength": self.emotion_strength}
        out, poses = [], []
        for k, (samples, identity, emotion) in enumerate(zip(audio, identities, wanted, strict=True)):
            motion = self.model.animate(
                samples, SAMPLE_RATE_HZ,
                identity=identity, emotion=emotion, seed=self.seed + k, profile=self.profile, **dial,
            )  # fmt: skip
            out.append(np.asarray(motion.weights))
            poses.append(getattr(motion, "head_pose", None))
        turned = [np.degrees(p) for p in poses if p is not None]
        self.pose = turned if len(turned) == len(poses) else None
        return out


def neutral_of(emotions: Sequence[str]) -> str:
    """What no emotion means for a model that knows these."""
    return "neutral" if "neutral" in emotions else emotions[0]


class CheckpointAnimator:
    """A checkpoint, or the networks of a bundle folder, run by PyTorch with any number of sampler steps and any
    profile, all clips in one batch of streams.
    encoder: needed by a teacher that takes the features of a large one, and must be that one; others ignore it."""

    def __init__(
        self,
        checkpoint: Path,
        n_steps: int | None = None,
        profile: str | Profile | None = None,
        batch: int = 32,
        encoder: EncoderChoice | None = None,
    ):
        self.talker, about = load_talker(checkpoint)
        self.names: list[str] = about["identities"]
        self.emotions: list[str] = about.get("emotions", ["neutral"])
        self.default_identity: str = self.names[0]
        self.hidden: list[str] = about.get("hidden", [])  # conditions that an ablation never told
        n_train_steps = self.talker.config.denoiser.n_train_steps
        self.steps = sampler_table(n_steps or about.get("sampler_steps", n_train_steps), n_train_steps)
        self.n_steps = len(self.steps)
        self.profile = profile if isinstance(profile, tuple) else profile_sizes(profile or "offline")
        self.batch, self.seed = batch, 0
        self.encoder = _same_encoder(encoder, about["encoder"], checkpoint) if self.talker.config.d_features else None

    def __call__(
        self, audio: list[np.ndarray], identities: list[str], emotions: list[str] | None = None
    ) -> list[np.ndarray]:
        if emotions is None or len(self.emotions) == 1:
            emotions = [neutral_of(self.emotions)] * len(audio)
        identity = self._indices(identities, self.names, "identity")
        emotion = self._indices(emotions, self.emotions, "emotion")
        order = np.argsort([len(a) for a in audio])
        result: dict[int, np.ndarray] = {}
        for i in range(0, len(order), self.batch):
            rows = order[i : i + self.batch]
            styles = self._styles(identity[rows], emotion[rows])
            timeline = self._timeline([audio[r] for r in rows])
            seeds = [self.seed + int(r) for r in rows]
            frames = animate(self.talker, timeline, styles, self.steps, self.profile, seeds)
            for row, weights in zip(rows, frames, strict=True):
                result[int(row)] = weights[: frame_count(audio[row]), : len(ARKIT_CHANNELS)]  # without a head pose
        return [result[i] for i in range(len(audio))]

    @torch.no_grad()
    def _styles(self, identity: torch.Tensor, emotion: torch.Tensor) -> torch.Tensor:
        return self.talker.personaliser.style(identity, emotion)

    def _indices(self, names: list[str], known: list[str], what: str) -> torch.Tensor:
        unknown = set(names) - set(known)
        if unknown:
            raise ValueError(f"unknown {what} {min(unknown)!r}: the checkpoint has {', '.join(known)}")
        return torch.tensor([0 if what in self.hidden else known.index(n) for n in names])

    def _timeline(self, audio: list[np.ndarray]) -> Timeline:
        if self.encoder is None:
            spec = MelSpec()
            mels = [log_mel(np.pad(a, (0, 1600)), spec) for a in audio]
            return MelTimeline(mels, MOTION.group, float(np.log(spec.log_floor)))
        past, hop, look = self.profile
        lead, tail = max(past, LEAD_FRAMES), hop + look
        silence = np.zeros(lead * SAMPLE_RATE_HZ * MOTION.fps_den // MOTION.fps_num, np.float32)
        counts = [frame_count(a) for a in audio]
        features = [
            encode_clip(self.encoder, np.concatenate([silence, a]), lead + n + tail, MOTION)
            for a, n in zip(audio, counts, strict=True)
        ]
        return FeatureTimeline(features, counts, lead)


def _same_encoder(choice: EncoderChoice | None, expected: str, checkpoint: Path) -> FrozenEncoder:
    if choice is None:
        raise ValueError(
            f"{checkpoint} takes features of {expected}: name that encoder (--encoder, --weights, --layer)"
        )
    encoder = choice.load()
    if str(FeatureInfo.of(encoder)) != expected:
        raise ValueError(
            f"{checkpoint} takes features of {expected}, not {FeatureInfo.of(encoder)}: name its own encoder"
        )
    return encoder
