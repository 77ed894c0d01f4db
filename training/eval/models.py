"""--model NAME=FILE[@STEPS] of the evaluation commands."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from diffusiontalker.spec.bundles import available_bundles
from training.encoders.__main__ import chosen_encoder
from training.encoders.choice import EncoderChoice
from training.eval.baselines import Animator

MODEL_HELP = (
    "NAME=PATH: a bundle's name or folder, run through the runtime, or a .safetensors checkpoint, run by PyTorch. "
    "NAME=PATH@STEPS, or @STEPS,STEPS,..: the checkpoint with so many sampler steps instead of its own. "
    "Give the option again for more models; rows of one NAME are one line in the plot over steps"
)


@dataclass(frozen=True)
class ModelSpec:
    name: str
    path: Path
    n_steps: int | None = None  # None: as the bundle or checkpoint says

    def open(
        self,
        backend: str = "auto",
        profile: str | None = None,
        threads: int | None = None,
        encoder: EncoderChoice | None = None,
        precision: str = "auto",
    ) -> Animator:
        """Raises ValueError for steps given to a bundle or a teacher without its encoder, FileNotFoundError for a path
        that is not there."""
        # The networks are imported only here: scores, recordings and baselines do without them.
        from training.eval.animators import BundleAnimator, CheckpointAnimator

        if not self.path.exists():
            known = ", ".join(available_bundles()) or "none"
            raise FileNotFoundError(f"--model {self.name}: there is no {self.path}; bundles known by name: {known}")
        if not self.path.is_dir():
            return CheckpointAnimator(self.path, self.n_steps, profile, encoder=encoder)
        if self.n_steps is not None:
            raise ValueError(f"--model {self.name}: a bundle has its own steps; leave out @{self.n_steps}")
        return BundleAnimator(self.path, backend, profile, threads=threads, precision=precision)


def encoder_of(args: argparse.Namespace) -> EncoderChoice | None:
    """Of add_encoder_arguments(parser, required=False): the large encoder of teachers, when one is given."""
    return chosen_encoder(args) if args.encoder else None


def _place(text: str) -> Path:
    """A path that is there, else the folder of the bundle of this name, else the path."""
    return Path(text) if Path(text).exists() else available_bundles().get(text, Path(text))


def parse_models(texts: list[str]) -> list[ModelSpec]:
    """Raises ValueError for a text that is not NAME=PATH or NAME=PATH@STEPS[,STEPS..] with whole steps above 0."""
    specs = []
    for text in texts:
        name, equals, place = text.partition("=")
        path, at, steps = place.rpartition("@")
        if not at or not steps.replace(",", "").isdigit():
            path, steps = place, ""
        if not (name and equals and path):
            raise ValueError(f"--model {text}: expected NAME=PATH or NAME=PATH@STEPS")
        counts: list[int | None] = [int(s) for s in steps.split(",") if s] or [None]
        if any(count == 0 for count in counts):
            raise ValueError(f"--model {text}: at least one step is needed")
        specs += [ModelSpec(name, _place(path), count) for count in counts]
    return specs
