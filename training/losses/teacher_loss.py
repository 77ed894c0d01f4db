"""The loss of the teacher stage: clean motion from noised motion, phones, and the style of the upper face."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.data.windows import Batch, WindowSampler
from training.diffusion.noising import noised
from training.diffusion.schedule import Schedule
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.enhancer_term import enhancer_loss
from training.losses.feature_terms import phone_loss
from training.losses.motion_loss import LossWeights, motion_loss
from training.losses.sides_term import SidesTerm
from training.losses.window_loss import WindowLoss
from training.models.talker import Talker
from training.models.teacher_model import TeacherModel
from training.prepared.clips import BILABIAL_PHONES

# Share of the windows conditioned on speech of the same voice instead of the library's entry, so that voices of no
# entry can be enrolled; and share without any style, for classifier-free guidance.
FROM_SPEECH, NO_STYLE = 0.3, 0.1


def style_of(model: Talker, batch: Batch, use_speech: Tensor, drop: Tensor) -> Tensor:
    """[B, d_style]: of the library, of speech where use_speech (bool [B]), zero where drop."""
    style = model.personaliser.style_at(batch.identity.clamp(min=0), batch.emotion, batch.strength)
    if batch.reference is not None and bool(use_speech.any()):
        spoken = model.personaliser.style_of_speech(batch.reference)
        style = torch.where(use_speech[:, None], spoken, style)
    return style * (~drop)[:, None]


class TeacherLoss(WindowLoss):
    """sampler_steps: the timesteps that are trained, those of a sampler of so many steps; all of them for a teacher,
    fewer to train a few-step model directly, without distillation.   from_speech: FROM_SPEECH, or 0 for clips whose
    voices have other identities than the personaliser learned.   only_spoken: whether closed lips count more only where
    p, b or m is said, and not in silence.   first_step: see noised().   sides: whether what differs between the sides
    of the mouth is learned as a distribution (training/diffusion/sides.py)."""

    model: TeacherModel
    bilabial: Tensor

    def __init__(
        self,
        model: TeacherModel,
        windows: WindowSampler,
        weights: LossWeights,
        run: RunConfig,
        runtime: Runtime,
        sampler_steps: int,
        from_speech: float = FROM_SPEECH,
        only_spoken: bool = False,
        first_step: float = 0.0,
        sides: bool = False,
    ):
        super().__init__(model, windows, run, runtime)
        self.sides = SidesTerm(model, windows.clips) if sides else None
        self.weights, self.from_speech = weights, from_speech
        self.only_spoken, self.first_step = only_spoken, first_step
        self.register_buffer("bilabial", torch.tensor(BILABIAL_PHONES))
        self.stride = model.config.denoiser.n_train_steps // sampler_steps
        self.schedule = Schedule(model.config.denoiser.n_train_steps)
        self.motion_loss = motion_loss(model, windows.clips.info.motion, weights)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        model = self.model
        batch, n, rows = self.batch(step, reference=self.from_speech > 0)
        sides = None if self.sides is None else self.sides.sides
        noise = noised(model, self.schedule, batch, n, rows, self.stride, self.noise_seed(step), self.first_step, sides)
        rng = np.random.default_rng([self.windows.seed, step, 2])
        u = self.runtime.place(torch.from_numpy(rng.random((2, n)))[:, rows])
        with self.runtime.autocast():
            audio = model.encoder(batch.mel if batch.features is None else batch.features)
            logits = model.phone_head(audio)
            style = style_of(model, batch, batch.own_voice & (u[0] < self.from_speech), u[1] < NO_STYLE)
            x0_pred = model.denoiser(noise.x_t, batch.known, audio, style, noise.t.float()).float()
        figures, drift = {}, torch.zeros((), device=x0_pred.device)
        if self.sides is not None and noise.again is not None and bool(noise.first.any()):
            at = noise.first
            with self.runtime.autocast():
                again = model.denoiser(noise.again, batch.known[at], audio[at], style[at], noise.t[at].float())
            drift, x0_pred = self.sides(x0_pred, again.float(), noise, int(batch.known[0].sum()))
            figures["sides"] = drift.detach()
        contact = torch.isin(batch.phone, self.bilabial).float() if self.only_spoken else None
        motion = self.motion_loss(x0_pred, noise.x0, batch.known, contact=contact)
        phone, accuracy = phone_loss(logits, batch.phone)
        loss = motion + self.weights.phone * phone + drift
        figures |= {"motion": motion.detach(), "phone": phone.detach(), "phone_accuracy": accuracy}
        if model.enhancer is not None and self.weights.enhancer > 0:
            free = list(model.config.denoiser.free)
            enhancer = enhancer_loss(model.enhancer, x0_pred[..., free], style.float(), batch)
            loss = loss + self.weights.enhancer * enhancer
            figures["enhancer"] = enhancer.detach()
        return loss, figures
