"""What the encoder stage and the halving rounds ask of a student."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.loop.runtime import Runtime
from training.loop.trainer import RunConfig
from training.losses.feature_motion import FeatureMotion
from training.losses.feature_terms import posterior_loss
from training.losses.halving_loss import HalvingLoss
from training.losses.motion_loss import LossWeights
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from training.prepared.clips import PHONE_NAMES
from training.prepared.motion_space import MotionSpace

COMPACT = TalkerConfig(
    AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
    DenoiserConfig(d_audio=16, d_identity=8, d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
)  # fmt: skip
LARGE = replace(COMPACT, d_features=5)


def halving(student: TalkerConfig, teacher: TalkerConfig) -> HalvingLoss:
    windows = SimpleNamespace(clips=SimpleNamespace(info=SimpleNamespace(motion=MOTION)), seed=0)
    return HalvingLoss(Talker(student), Talker(teacher), windows, RunConfig(1, 1e-3), 8, Runtime("cpu"))


MOTION = MotionSpace("blendshapes", 52, ARKIT_CHANNELS)
CLOSED = torch.zeros(1, 9, 52)  # the rest pose: lips touch
NO_CONTACT = torch.zeros(3, 30)


def test_a_student_that_lands_where_the_teacher_lands_has_no_loss():
    known = torch.zeros(1, 9, 1)
    for student, teacher in ((COMPACT, COMPACT), (LARGE, LARGE), (COMPACT, LARGE)):
        assert halving(student, teacher).motion_loss(CLOSED, CLOSED, known) == 0


def test_closed_lips_count_more_only_where_the_student_has_lesser_features():
    known, jaw = torch.zeros(1, 9, 1), torch.zeros(52)
    jaw[ARKIT_CHANNELS.index("jawOpen")] = 0.3
    alike = halving(COMPACT, COMPACT).motion_loss(CLOSED + jaw, CLOSED, known)
    less = halving(COMPACT, LARGE).motion_loss(CLOSED + jaw, CLOSED, known)
    opened = CLOSED + jaw  # too closed is no worse than before
    assert less > 2 * alike > 0
    same = [halving(COMPACT, t).motion_loss(CLOSED, opened, known) for t in (COMPACT, LARGE)]
    assert same[0] == pytest.approx(float(same[1]))


def test_closed_lips_count_more_only_where_contact_is_wanted():
    loss, known, jaw = halving(COMPACT, LARGE).motion_loss, torch.zeros(1, 9, 1), torch.zeros(52)
    jaw[ARKIT_CHANNELS.index("jawOpen")] = 0.3
    everywhere, nowhere, half = (
        float(loss(CLOSED + jaw, CLOSED, known, contact=c)) for c in (None, torch.zeros(1, 9), torch.full((1, 9), 0.5))
    )
    assert nowhere < everywhere and half == pytest.approx((nowhere + everywhere) / 2, rel=1e-5)
    first = torch.zeros(1, 9)
    first[:, 0] = 1
    moved = [torch.zeros(1, 9, 52), torch.zeros(1, 9, 52)]
    moved[0][:, 0] += jaw
    moved[1][:, 5] += jaw
    shut, later = (
        float(loss(m, CLOSED, known, contact=first) - loss(m, CLOSED, known, contact=torch.zeros(1, 9))) for m in moved
    )
    assert shut > 0 == later


def test_what_the_denoiser_makes_of_features_counts_and_only_they_can_be_trained():
    torch.manual_seed(0)
    talker = Talker(COMPACT)
    talker.low.fill_(-1e3)
    talker.high.fill_(1e3)
    weights = replace(LossWeights(), closure_margin=0.0)
    judged = FeatureMotion(talker, MOTION, [256, 128], weights)
    same = talker.denoiser
    large = torch.randn(3, 30, 16)
    assert judged(same, large, large, NO_CONTACT, seed=1) == 0
    small = (large + 0.3 * torch.randn(3, 30, 16)).requires_grad_(True)
    loss = judged(same, small, large, NO_CONTACT, seed=1)
    loss.backward()
    assert loss > 1e-6 and loss == judged(same, small, large, NO_CONTACT, seed=1) != judged(
        same, small, large, NO_CONTACT, seed=2
    )
    assert not any(p.requires_grad or p.grad is not None for p in talker.parameters())
    # The first 12 of 30 frames only lead in: what is said there moves nothing that counts.
    assert small.grad[:, :12].abs().max() == 0 < small.grad[:, 18:].abs().min()


def test_a_denoiser_of_ones_own_is_judged_from_its_own_start():
    torch.manual_seed(0)
    talker, large = Talker(COMPACT), torch.randn(3, 30, 16)
    talker.low.fill_(-1e3)
    talker.high.fill_(1e3)
    judged = FeatureMotion(talker, MOTION, [256, 128], replace(LossWeights(), closure_margin=0.0))
    own = copy.deepcopy(talker.denoiser).requires_grad_(True)
    assert judged(own, large, large, NO_CONTACT, seed=1) == 0
    seen: dict[str, list] = {"own": [], "other": []}
    for name, denoiser in (("own", own), ("other", talker.denoiser)):
        denoiser.register_forward_pre_hook(lambda _, given, name=name: seen[name].append(given[0]))
    with torch.no_grad():
        own.out.bias += 0.5
    loss = judged(own, large, large, NO_CONTACT, seed=1)
    loss.backward()
    assert loss > 0.1 and all(p.grad is not None for p in own.out.parameters())
    assert not any(p.requires_grad or p.grad is not None for p in talker.parameters())
    # Both begin alike, but the past that it is given then is what it made itself.
    (own_first, own_then), (first, then) = seen["own"], seen["other"]
    assert torch.equal(own_first, first)
    torch.testing.assert_close(own_then[:, :6], then[:, :6] + 0.5)


def test_posteriors_of_equal_features_agree_and_only_what_tells_phones_apart_counts():
    torch.manual_seed(0)
    head = nn.Linear(6, 4).requires_grad_(False)
    head.weight[:, 5] = 0.5  # this feature moves all phones alike
    large = torch.randn(2, 7, 6)
    blind, seeing = large.clone(), large.clone()
    blind[..., 5] += 3
    seeing[..., 0] += 3
    assert float(posterior_loss(large, large, head)) == pytest.approx(0, abs=1e-6)
    assert float(posterior_loss(blind, large, head)) == pytest.approx(0, abs=1e-6)
    assert posterior_loss(seeing, large, head) > 0.05
    # PyTorch's own divergence of the same distributions.
    expected = nn.functional.kl_div(
        head(seeing).log_softmax(-1).flatten(0, 1), head(large).softmax(-1).flatten(0, 1), reduction="batchmean"
    )
    assert float(posterior_loss(seeing, large, head)) == pytest.approx(float(expected), rel=1e-4)


def test_a_missed_contact_counts_more_than_another_confusion():
    n = len(PHONE_NAMES)
    head = nn.Linear(n, n).requires_grad_(False)  # reads the features as logits
    head.weight.copy_(torch.eye(n)), head.bias.zero_()
    said = {name: 20 * torch.eye(n)[PHONE_NAMES.index(name)][None, None] for name in ("M", "N", "D", "T")}
    unsure = torch.zeros(1, 1, n)
    plain, weighted = (
        {name: float(posterior_loss(unsure, said[name], head, contact)) for name in said} for contact in (0.0, 4.0)
    )
    assert weighted["M"] == pytest.approx(5 * plain["M"], rel=1e-4)
    assert all(weighted[name] == pytest.approx(plain[name], rel=1e-4) for name in "NDT")
