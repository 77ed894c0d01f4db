"""Progressive halving (Salimans & Ho, arXiv 2202.00512, algorithm 2, for x0 prediction): its target and its loss."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from diffusiontalker.spec.sampler import ddim_update
from training.data.windows import WindowSampler
from training.diffusion.noising import noised
from training.diffusion.schedule import Schedule
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.enhancer_term import enhancer_loss
from training.losses.feature_terms import feature_loss, posterior_loss
from training.losses.motion_loss import LossWeights, motion_loss, truncated_snr
from training.losses.window_loss import WindowLoss
from training.models.talker import Talker
from training.models.upper_face import UpperFaceEnhancer

# Here the motion itself teaches the compact encoder what matters; features and phones of the large one only hold it.
IMITATION = 0.1


def ddim_step(talker: Talker, schedule: Schedule, x_t, known, audio, style, t, t_prev) -> Tensor:
    """x_{t_prev} of the new frames; past frames stay. t, t_prev: int64 [B]."""
    x0 = talker.clamp(talker.denoiser(x_t, known, audio, style, t.float()).float())
    return torch.where(known > 0, x_t, ddim_update(x_t, x0, schedule.coefficients(t, t_prev)))


def halving_target(teacher: Talker, schedule: Schedule, x_t, known, audio, style, t, t_mid, t_end) -> Tensor:
    """The x0 with which one student step t -> t_end lands where the teacher's two, t -> t_mid -> t_end, land."""
    x_end = ddim_step(teacher, schedule, x_t, known, audio, style, t, t_mid)
    x_end = ddim_step(teacher, schedule, x_end, known, audio, style, t_mid, t_end)
    c_x, c_x0 = schedule.coefficients(t, t_end)
    return torch.where(known > 0, x_t, teacher.clamp((x_end - c_x * x_t) / c_x0))


class HalvingLoss(WindowLoss):
    """One DDIM step of the student must land where two steps of the teacher land.
    n_steps: of the student; the teacher takes twice as many. large: the frozen large encoder of L_ae and the phone
    classifier that reads its features, or None. enhancer: the teacher's, frozen, which holds the student's upper face
    to the style too (L_pc), or None.   first_step: see noised()."""

    model: Talker

    def __init__(
        self,
        student: Talker,
        teacher: Talker,
        windows: WindowSampler,
        run: RunConfig,
        n_steps: int,
        runtime: Runtime,
        large: tuple[nn.Module, nn.Linear] | None = None,
        enhancer: UpperFaceEnhancer | None = None,
        first_step: float = 0.0,
    ):
        super().__init__(student, windows, run, runtime)
        self.n_steps, self.first_step = n_steps, first_step
        self.teacher = copy.deepcopy(teacher).eval().requires_grad_(False)
        self.large = None if large is None else copy.deepcopy(large[0]).eval().requires_grad_(False)
        self.head = None if large is None else copy.deepcopy(large[1])
        self.enhancer = None if enhancer is None else copy.deepcopy(enhancer).eval().requires_grad_(False)
        self.schedule = Schedule(student.config.denoiser.n_train_steps)
        # The teacher's own bias towards closed lips is in its targets: adding it in every round would shut the mouth.
        # But a student with lesser features than its teacher half-closes: there closed lips count more.
        lesser_features = teacher.config.d_features > 0 and student.config.d_features == 0
        closure = LossWeights().closure if lesser_features else 0.0
        self.weights = replace(LossWeights(), closure=closure, closure_margin=0.0, audio=IMITATION, posterior=IMITATION)
        self.motion_loss = motion_loss(student, windows.clips.info.motion, self.weights)

    def forward(self, step: int) -> tuple[Tensor, dict]:
        student = self.model
        batch, n, rows = self.batch(step)
        stride = self.schedule.n_train_steps // self.n_steps
        noise = noised(student, self.schedule, batch, n, rows, stride, self.noise_seed(step), self.first_step)
        t, figures = noise.t, {}
        with self.runtime.autocast():
            with torch.no_grad():
                teacher_in = batch.features if self.teacher.config.d_features else batch.mel
                teacher_audio = self.teacher.encoder(teacher_in)
                style = self.teacher.personaliser.style_at(batch.identity.clamp(min=0), batch.emotion, batch.strength)
                half = stride // 2
                target = halving_target(
                    self.teacher, self.schedule, noise.x_t, batch.known, teacher_audio, style, t, t - half, t - stride
                )
                wanted = None if self.large is None else self.large(batch.features)
            audio = student.encoder(batch.features if student.config.d_features else batch.mel)
            x0_pred = student.denoiser(noise.x_t, batch.known, audio, style, t.float()).float()
        weight = truncated_snr(self.schedule.alpha_bar.to(t.device)[t])
        loss = self.motion_loss(x0_pred, target, batch.known, weight)
        figures["motion"] = loss.detach()
        if self.enhancer is not None and self.weights.enhancer > 0:
            free = list(student.config.denoiser.free)
            contrast = enhancer_loss(self.enhancer, x0_pred[..., free], style.float(), batch)
            loss, figures["enhancer"] = loss + self.weights.enhancer * contrast, contrast.detach()
        if wanted is not None and self.head is not None:
            imitation = feature_loss(audio, wanted)
            posterior = posterior_loss(audio, wanted, self.head)
            loss = loss + self.weights.audio * imitation + self.weights.posterior * posterior
            figures |= {"features": imitation.detach(), "posterior": posterior.detach()}
        return loss, figures
