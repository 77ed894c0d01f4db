"""What differs between the two sides of a mouth: it is chance, not speech, so it is learned as a distribution.

A network that is trained on squared error alone makes the mean of all drifts, which is a mouth of equal sides. Here the
first step of the sampler draws the difference of the sides from its noise, by the energy score; later steps keep what
they find, because the noise on it is as small in training as it is in the sampler. Our choice."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def pairs_of(channels: Sequence[str], among: Sequence[int]) -> list[tuple[int, int]]:
    """(left, right) indices of the channels in `among` that are named for the two sides of one thing."""
    index = {channels[i]: i for i in among}
    names = [name.removesuffix("Left") for name in index if name.endswith("Left")]
    return [(index[n + "Left"], index[n + "Right"]) for n in names if n + "Right" in index]


class Sides:
    """Differences of channel pairs, in normalised motion [..., C].   pairs: see pairs_of()."""

    def __init__(self, pairs: list[tuple[int, int]]):
        self.left, self.right = ([pair[side] for pair in pairs] for side in (0, 1))

    def difference(self, z: Tensor) -> Tensor:
        """[..., n_pairs]: left less right."""
        return z[..., self.left] - z[..., self.right]

    def with_difference(self, z: Tensor, difference: Tensor) -> Tensor:
        """z with another difference and the same sum of each pair."""
        change = (difference - self.difference(z)) / 2
        out = z.clone()
        out[..., self.left] += change
        out[..., self.right] -= change
        return out
