"""The talking identities of a bundle, which holds only what was made of them.

Of every identity a bundle keeps its styles, fused with each emotion, and the fusion forgets what the denoiser does not
need. Looking up who speaks wants the identities themselves. Vectors are found that do what the lost ones did after the
personaliser's training (training/stages/personaliser.py): the fusion turns them into the bundle's styles, and speech of
their voices lies nearest to its own. The speech must be of the training split; look-up is then scored on other speech.
They need not be the same vectors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses.contrastive import library_nce
from training.models.personaliser import Personaliser

STEPS, LEARNING_RATE = 800, 0.01
SCALE = 40.0  # inverse temperature of the contrast
STYLES = 30.0  # weight of the styles, which must be met
# Largest mean square by which the fused vectors may miss the styles, whose mean square is 1.
MISSED = 1e-3


def recover_library(personaliser: Personaliser, embeddings: Tensor, index: Tensor) -> Tensor:
    """Unit vectors [n_identities, d_identity] of a personaliser that keeps a bundle's styles.
    embeddings: [n, d_identity], what its encoder makes of speech; index: int64 [n], whose voice speaks.
    Raises ValueError when no vectors give the styles: they are not of this fusion."""
    assert personaliser.styles is not None
    wanted = personaliser.styles.detach()
    embeddings, generator = embeddings.detach(), torch.Generator().manual_seed(0)
    start = 0.1 * torch.randn((len(wanted), embeddings.shape[1]), generator=generator)
    identities = start.index_add(0, index, embeddings / torch.bincount(index, minlength=len(wanted))[index, None])
    identities = torch.nn.Parameter(identities)
    optimizer = torch.optim.Adam([identities], LEARNING_RATE)
    missed = torch.zeros(len(wanted))
    for _ in range(STEPS):
        vectors = F.normalize(identities, dim=-1)
        missed = (personaliser.in_every_emotion(vectors) - wanted).square().mean(dim=(1, 2))
        loss = STYLES * missed.sum() + library_nce(embeddings, vectors, index, torch.tensor(SCALE))
        (identities.grad,) = torch.autograd.grad(loss, [identities])
        optimizer.step()
    if float(missed.detach().max()) > MISSED:
        raise ValueError("the styles of the bundle are not of its own fusion: score its look-up with the checkpoint")
    return F.normalize(identities.detach(), dim=-1)
