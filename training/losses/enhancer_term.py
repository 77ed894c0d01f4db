"""The follow-up's L_pc: the upper face of a prediction against the style that was asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from training.data.windows import Batch
from training.loop.distributed import gather_rows
from training.losses.contrastive import symmetric_nce
from training.models.upper_face import UpperFaceEnhancer

ENHANCER_SCALE = 10.0  # inverse temperature; DiffPoseTalk's style contrast uses 0.1


def enhancer_loss(enhancer: UpperFaceEnhancer, upper: Tensor, style: Tensor, batch: Batch) -> Tensor:
    """The follow-up's L_pc: upper face of a prediction [B, W, C] against the style, over the batch of all processes."""
    seen, wanted = enhancer(upper, style)
    group = batch.identity * 1000 + batch.emotion
    scale = torch.tensor(ENHANCER_SCALE, device=seen.device)
    return symmetric_nce(gather_rows(seen.float()), gather_rows(wanted.float()), gather_rows(group), scale)
