"""The loss of the branch of eyes, brows and head: the energy score of motion drawn through the whole sampler."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffusiontalker.spec.profiles import profile_sizes
from diffusiontalker.spec.sampler import SamplerStep
from training.data.windows import Batch, WindowSampler
from training.diffusion.noising import PAST_NOISE, known_frames
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.energy import motion_score, speeds
from training.losses.window_loss import WindowLoss
from training.models.talker import Talker


@dataclass(frozen=True)
class Roll:
    """`count` windows of a profile, one after another. The last one's lookahead is scored, too."""

    past: int
    hop: int
    look: int
    count: int

    @property
    def shape(self) -> tuple[int, int]:
        """(frames, frames of the past): of WindowConfig."""
        return self.past + self.count * self.hop + self.look, self.past

    @property
    def width(self) -> int:
        """Frames of one window."""
        return self.past + self.hop + self.look

    def windows(self) -> list[slice]:
        return [slice(k * self.hop, k * self.hop + self.width) for k in range(self.count)]


# Of the profiles (spec/profiles.py). A stream of short windows lives on its own past: trained on true pasts
# alone, `live` blinked half as often in silence as `offline`.
ROLLS = (Roll(*profile_sizes("offline"), 1), Roll(*profile_sizes("live"), 4), Roll(*profile_sizes("low-latency"), 4))
# The first is drawn oftener: it costs less and shows more.
SHAPES = tuple(roll.shape for roll in (ROLLS[0], *ROLLS))
# Channels that belong together, by the start of their names: each group is scored by itself, and all of them together,
# lest many quiet channels drown a blink.
GROUPS = (("eyeBlink",), ("eyeLook",), ("brow", "cheek", "nose", "eyeSquint", "eyeWide"), ("head",))
OUTSIDE = 0.1  # weight of what a prediction leaves the allowed range by: of what is clamped the score sees nothing


def groups_of(channels: tuple[str, ...], free: tuple[int, ...]) -> list[list[int]]:
    """Indices of the free channels: those of each of GROUPS, then all of them."""
    parts = [[i for i in free if channels[i].startswith(names)] for names in GROUPS]
    return [*filter(None, parts), list(free)]


class UpperFaceLoss(WindowLoss):
    """model: whose branch of eyes and brows is trained, the rest frozen.   windows: of SHAPES.   steps: of its sampler.
    n_samples: motions drawn of every clip, 2 or more."""

    speed: Tensor

    def __init__(
        self,
        model: Talker,
        windows: WindowSampler,
        run: RunConfig,
        runtime: Runtime,
        steps: list[SamplerStep],
        n_samples: int,
    ):
        super().__init__(model, windows, run, runtime)
        self.steps, self.n_samples = steps, n_samples
        self.groups = groups_of(windows.clips.info.motion.channels, model.config.denoiser.free)
        self.register_buffer("speed", speeds(windows.clips, model.std))

    def forward(self, step: int) -> tuple[Tensor, dict]:
        batch, n, rows = self.batch(step)
        truth = self.model.normalise(batch.motion)
        roll = next(r for r in ROLLS if r.shape == (truth.shape[1], int(batch.known[0].sum())))
        past, noise = self._drawn(truth, roll.past, n, rows, step)
        motion, outside = self._roll(batch, past, noise, roll)
        # The true past, so that the first velocity is that out of it.
        samples = torch.cat(
            [truth[:, : roll.past].expand(self.n_samples, -1, -1, -1), motion[:, :, roll.past :]], dim=2
        )
        score = motion_score(samples, truth, roll.past, self.groups, self.speed)
        return score + OUTSIDE * outside, {"score": score.detach(), "outside": outside.detach()}

    def _drawn(self, truth: Tensor, past: int, n_global: int, rows: slice, step: int) -> tuple[Tensor, Tensor]:
        """(past that is nearly true [B, past, C], noise of the new frames [M, B, W - past, C]); drawn for the whole
        global batch."""
        generator = torch.Generator().manual_seed(self.noise_seed(step))
        _, width, channels = truth.shape
        noise = torch.randn((self.n_samples, n_global, width - past, channels), generator=generator)[:, rows]
        noise = torch.where(self.model.denoiser.free_mask.cpu() > 0, noise, noise[:1])  # lips are those of one take
        wrong = torch.randn((n_global, past, channels), generator=generator)[rows]
        wrong = wrong * (PAST_NOISE * torch.rand(n_global, 1, 1, generator=generator)[rows])
        return truth[:, :past] + wrong.to(truth.device), noise.to(truth.device) * self.model.noise_scale

    def _roll(self, batch: Batch, past: Tensor, noise: Tensor, roll: Roll) -> tuple[Tensor, Tensor]:
        """(motion [M, B, W, C] of the clip, window by window as a stream has it, the lookahead of the last one at its
        end; how far the branch left the allowed range). As training.diffusion.window_sampler.animate."""
        model = self.model
        per_mel, per_frames = self.windows.per_mel, self.windows.per_frames
        mel = [batch.mel[:, w.start // per_frames * per_mel : w.stop // per_frames * per_mel] for w in roll.windows()]
        with self.runtime.autocast(), torch.no_grad():
            audio = model.denoiser.audio_in(model.encoder(torch.cat(mel))).chunk(roll.count)
            style = model.personaliser.style_at(batch.identity.clamp(min=0), batch.emotion, batch.strength)
        with self.runtime.autocast():
            at = [torch.full((len(style),), float(step.t), device=style.device) for step in self.steps]
            conditions = [model.denoiser.condition(style, t) for t in at]
        motion = past.expand(self.n_samples, -1, -1, -1)
        outside = past.new_zeros(())
        for k, heard in enumerate(audio):
            new = noise[:, :, k * roll.hop : k * roll.hop + roll.hop + roll.look]
            start = torch.cat([motion[:, :, motion.shape[2] - roll.past :], new], dim=2)
            x0, beyond = self._sample(start, roll.past, heard, conditions)
            last = k == roll.count - 1
            motion = torch.cat([motion, x0[:, :, roll.past : None if last else roll.past + roll.hop]], dim=2)
            outside = outside + beyond / roll.count
        return motion, outside

    def _sample(self, start: Tensor, past: int, audio: Tensor, conditions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """start: [M, B, W, C], `past` clean frames and noise.   audio: [B, W, d].   conditions: of the steps.   Returns
        (x0 after all steps, how far the branch left the allowed range). The trunk runs once for all samples: it does
        not see what differs between them."""
        model, denoiser, m = self.model, self.model.denoiser, self.n_samples
        known = known_frames(start.shape[1], start.shape[2], past, start.device)
        many_known, free = known.repeat(m, 1, 1), start.flatten(0, 1)
        tied, outside = start[0].detach(), start.new_zeros(())
        for step, condition in zip(self.steps, conditions, strict=True):
            c_x, c_x0 = step.coefficients
            with self.runtime.autocast():
                with torch.no_grad():
                    features, x0 = denoiser.trunk(tied, known, audio, condition)
                raw = denoiser.branch(free, many_known, features.repeat(m, 1, 1), condition.repeat(m, 1)).float()
            tied = torch.where(known > 0, tied, c_x * tied + c_x0 * model.clamp(x0.float()))
            x0 = model.clamp(raw)
            outside = outside + ((raw - x0) * model.noise_scale * (1 - many_known)).square().mean() / len(self.steps)
            free = torch.where(many_known > 0, free, c_x * free + c_x0 * x0)
        mask = denoiser.free_mask
        return free.unflatten(0, (m, -1)) * mask + tied * (1 - mask), outside
