"""The two sides of a mouth, learned as a distribution."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import diffusiontalker
from diffusiontalker.spec.channels import ARKIT_CHANNELS, TIED_CHANNELS
from training.diffusion.noising import noised
from training.diffusion.schedule import Schedule
from training.diffusion.sides import Sides, pairs_of
from training.export.trained import load_talker
from training.losses.sides_term import sides_score
from training.models.audio_encoder import AudioEncoderConfig
from training.models.denoiser import DenoiserConfig
from training.models.talker import Talker, TalkerConfig
from training.prepared.motion_space import SIDEWAYS_CHANNELS

TIED = [i for i, name in enumerate(ARKIT_CHANNELS) if name in TIED_CHANNELS]
PAIRS = pairs_of(ARKIT_CHANNELS, TIED)


def test_pairs_are_the_two_sides_of_mouth_and_jaw():
    names = {(ARKIT_CHANNELS[left], ARKIT_CHANNELS[right]) for left, right in PAIRS}
    assert ("mouthSmileLeft", "mouthSmileRight") in names and ("jawLeft", "jawRight") in names
    assert ("mouthLeft", "mouthRight") in names
    assert all(left.replace("Left", "Right") == right for left, right in names)
    assert not any("Blink" in left for left, _ in names)
    both = sum("Left" in ARKIT_CHANNELS[i] for i in TIED)
    assert len(PAIRS) == both


def test_another_difference_keeps_the_sum_and_every_other_channel():
    sides = Sides([(0, 3), (1, 4)])
    z, wanted = torch.randn(2, 7, 5), torch.randn(2, 7, 2)
    out = sides.with_difference(z, wanted)
    torch.testing.assert_close(sides.difference(out), wanted)
    torch.testing.assert_close(out[..., 0] + out[..., 3], z[..., 0] + z[..., 3])
    torch.testing.assert_close(out[..., 1] + out[..., 4], z[..., 1] + z[..., 4])
    assert (out[..., 2] == z[..., 2]).all()


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_score_teaches_how_far_sides_drift(spread):
    """A generator whose drift is one learned number times noise learns the deviation of the true drift."""
    generator = torch.Generator().manual_seed(4)
    sides, one = Sides([(0, 1)]), torch.ones(1)
    amount = torch.tensor(0.6, requires_grad=True)
    optimiser = torch.optim.Adam([amount], lr=0.02)

    def drift(scale: float | torch.Tensor) -> torch.Tensor:
        """[256, 20, 2]: constant over a window."""
        half = scale * torch.randn(256, 1, 1, generator=generator) / 2
        return torch.cat([half, -half], dim=-1).expand(-1, 20, -1)

    for _ in range(200):
        optimiser.zero_grad()
        sides_score(sides, (drift(amount), drift(amount)), drift(spread), 4, one, one).backward()
        optimiser.step()
    assert abs(abs(float(amount.detach())) - spread) < 0.15 * spread


def talker_of_pairs() -> Talker:
    config = TalkerConfig(
        AudioEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16),
        DenoiserConfig(
            n_channels=4, d_audio=16, d_identity=4, d_model=16, n_layers=1, n_heads=2, d_feed_forward=16, free=(3,),
            d_free=16, n_free_layers=1,
        ),
        n_identities=3, tied_noise=0.2,
    )  # fmt: skip
    return Talker(config)


def test_later_steps_see_sides_through_as_little_noise_as_the_first_one():
    talker, sides, n = talker_of_pairs(), Sides([(0, 1)]), 20000
    batch = SimpleNamespace(motion=torch.zeros(n, 5, 4), known=torch.zeros(n, 5, 1))
    batch.known[:, :2] = 1
    drawn = noised(talker, Schedule(), batch, n, slice(None), 32, 7, first_step=0.5, sides=sides)
    later = ~drawn.first & (drawn.t == 224)
    x = drawn.x_t[later][:, 2:]
    full = (1 - Schedule().alpha_bar[224]).sqrt()
    assert abs(float(sides.difference(x).std() / (full * 2**0.5)) - 0.2) < 0.02
    assert abs(float((x[..., 0] + x[..., 1]).std() / (full * 2**0.5)) - 1) < 0.05
    first = drawn.x_t[drawn.first]
    assert drawn.again is not None and drawn.again.shape == first.shape
    assert (drawn.again[:, :2] == first[:, :2]).all()  # the same past
    assert not torch.allclose(drawn.again[:, 2:], first[:, 2:])
    assert abs(float(drawn.again[:, 2:, :3].std()) - 0.2) < 0.01 and abs(float(drawn.again[:, 2:, 3].std()) - 1) < 0.05


def test_without_sides_the_noise_is_what_it_was():
    talker, n = talker_of_pairs(), 64
    batch = SimpleNamespace(motion=torch.zeros(n, 5, 4), known=torch.zeros(n, 5, 1))
    plain = noised(talker, Schedule(), batch, n, slice(None), 32, 7, first_step=0.5)
    with_sides = noised(talker, Schedule(), batch, n, slice(None), 32, 7, first_step=0.5, sides=Sides([(0, 1)]))
    assert plain.again is None and (plain.t == with_sides.t).all()
    torch.testing.assert_close(plain.x_t[..., 2:], with_sides.x_t[..., 2:])
    whole = replace(talker.config, tied_noise=0.999999)
    talker.config = whole
    equal = noised(talker, Schedule(), batch, n, slice(None), 32, 7, sides=Sides([(0, 1)]))
    torch.testing.assert_close(equal.x_t, noised(talker, Schedule(), batch, n, slice(None), 32, 7).x_t)


def test_a_bundle_keeps_which_channels_start_from_more_noise():
    """The shipped one, read back: its list of scales says which channels are free and which are sideways."""
    folder = Path(diffusiontalker.__file__).parent / "bundles" / "base"
    talker, _ = load_talker(folder)
    written = json.loads((folder / "bundle.json").read_text())["motion"]
    assert talker.noise_scale.tolist() == pytest.approx(written["noise_scale"])
    assert [written["channels"][i] for i in talker.config.sideways] == list(SIDEWAYS_CHANNELS)
