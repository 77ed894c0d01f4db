"""Schedule, halving target and sampler."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.spec.sampler import cosine_alpha_bar, sampler_table
from training.diffusion.noising import noised
from training.diffusion.schedule import Schedule
from training.diffusion.window_sampler import sample_window
from training.losses.halving_loss import ddim_step, halving_target
from training.losses.motion_loss import Lips
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig

SMALL = TalkerConfig(
    AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    DenoiserConfig(d_audio=16, d_identity=4, d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    n_identities=3,
)


def test_cosine_schedule_falls_from_one_to_zero():
    alpha_bar = cosine_alpha_bar(256)
    assert alpha_bar[0] == 1 and alpha_bar[-1] == 0
    assert (np.diff(alpha_bar) < 0).all()
    # eq. 17 of arXiv 2102.09672 at the middle, worked out by hand
    f = np.cos((0.5 + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    assert abs(alpha_bar[128] - f) < 1e-12


@pytest.mark.parametrize("n_steps", [1, 2, 8, 64, 256])
def test_sampler_table_chains_down_to_the_clean_sample(n_steps):
    table = sampler_table(n_steps)
    assert len(table) == n_steps and table[0].t == 256 and table[-1].t_prev == 0
    assert all(a.t_prev == b.t and a.alpha_bar_prev == b.alpha_bar for a, b in itertools.pairwise(table))
    assert table[-1].coefficients == (0.0, 1.0)


def test_sampler_table_of_odd_length_is_refused():
    with pytest.raises(ValueError, match="do not divide"):
        sampler_table(7)


def test_ddim_with_the_true_clean_sample_follows_the_noising_exactly():
    """x_t built from x0 and noise, stepped with the true x0, is the x_t_prev of the same x0 and noise."""
    schedule = Schedule()
    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(4, 6, 3, generator=generator), torch.randn(4, 6, 3, generator=generator)
    t, t_prev = torch.tensor([256, 200, 64, 32]), torch.tensor([224, 100, 32, 0])
    c_x, c_x0 = schedule.coefficients(t, t_prev)
    stepped = c_x * schedule.add_noise(x0, noise, t) + c_x0 * x0
    torch.testing.assert_close(stepped, schedule.add_noise(x0, noise, t_prev), atol=1e-5, rtol=0)


def test_halving_target_makes_one_step_equal_to_two_of_the_teacher():
    teacher = Talker(SMALL).eval()
    teacher.std.fill_(0.01)  # wide clamp limits, so that the identity is not hidden by them
    schedule = Schedule()
    x_t, known = torch.randn(2, 9, 52), torch.zeros(2, 9, 1)
    known[:, :3] = 1
    audio, style = torch.randn(2, 9, 16), torch.randn(2, 4)
    t, middle, end = torch.tensor([256, 96]), torch.tensor([240, 80]), torch.tensor([224, 64])
    with torch.no_grad():
        target = halving_target(teacher, schedule, x_t, known, audio, style, t, middle, end)
        two = ddim_step(teacher, schedule, x_t, known, audio, style, t, middle)
        two = ddim_step(teacher, schedule, two, known, audio, style, middle, end)
    c_x, c_x0 = schedule.coefficients(t, end)
    inside = (target > -teacher.mean / teacher.std) & (target < (1 - teacher.mean) / teacher.std) & (known == 0)
    assert inside.float().mean() > 0.2
    torch.testing.assert_close((c_x * x_t + c_x0 * target)[inside], two[inside], atol=1e-4, rtol=0)


def test_sampler_leaves_the_past_untouched_and_stays_in_range():
    talker = Talker(SMALL).eval()
    x_t = torch.randn(2, 12, 52)
    out = sample_window(talker, torch.randn(2, 12, 16), torch.randn(2, 4), x_t, 6, sampler_table(4))
    torch.testing.assert_close(out[:, :6], x_t[:, :6], atol=0, rtol=0)
    assert out[:, 6:].min() >= 0 and out[:, 6:].max() <= 1


def test_a_share_of_the_windows_begins_as_the_sampler_does():
    talker = Talker(replace(SMALL, denoiser=replace(SMALL.denoiser, free=(0, 3), d_free=16)))
    n, past, free = 64, 4, [0, 3]
    known = torch.zeros(n, 12, 1)
    known[:, :past] = 1
    batch = SimpleNamespace(motion=torch.rand(n, 12, 52), known=known)
    arguments = (talker, Schedule(), batch, n, slice(n), 32, 5)
    usual, some, all_first = noised(*arguments), noised(*arguments, first_step=0.5), noised(*arguments, first_step=1.0)
    assert (all_first.t == 256).all()
    new = all_first.x_t[:, past:]
    assert new[..., [c for c in range(52) if c not in free]].abs().max() == 0 and 0.9 < new[..., free].std() < 1.1
    first = some.t != usual.t
    assert 16 < first.sum() < 48 and (some.t[first] == 256).all()
    assert torch.equal(some.x_t[~first], torch.where((some.t == 256)[:, None, None], some.x_t, usual.x_t)[~first])
    assert torch.equal(some.x_t[:, :past], usual.x_t[:, :past])


def test_differentiable_lip_opening_is_the_measured_one():
    rng = np.random.default_rng(1)
    weights = rng.uniform(0, 0.6, (40, 52)).astype(np.float32)
    head = load_head()
    mean, std = torch.full((52,), 0.1), torch.full((52,), 0.2)
    ours = Lips(head, mean, std)((torch.from_numpy(weights) - mean) / std)
    np.testing.assert_allclose(ours.numpy(), lip_opening(head, weights), atol=1e-5)
