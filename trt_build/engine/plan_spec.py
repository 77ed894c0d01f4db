"""Which plans an engine set has, with their sizes: the table of docs/tensorrt-engines.md as code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from diffusiontalker.errors import BundleError

Size = int | str | None  # a number, the name of a dynamic axis, or as the graph has it


@dataclass(frozen=True)
class PlanSpec:
    """One plan to build. shapes: of the inputs. profiles: for each, name of a dynamic axis -> (least, usual, greatest).
    listed: the profiles as engines.json tells them."""

    network: str
    graph: str  # file of the bundle
    window: int
    precision: str
    shapes: dict[str, tuple[Size, ...]]
    profiles: list[dict[str, tuple[int, int, int]]] = field(default_factory=list)
    listed: list[dict] = field(default_factory=list)

    @property
    def file(self) -> str:
        return f"{self.network}-w{self.window}.plan" if self.window else f"{self.network}.plan"

    @property
    def label(self) -> str:
        return f"{self.network} of {self.window} frames" if self.window else self.network


def plan_specs(description: dict, windows: Sequence[int], batches: Sequence[int], precision: str) -> list[PlanSpec]:
    """The plans of a bundle. description: of bundle.json. Raises BundleError when that is not whole."""
    try:
        networks, audio, motion = description["networks"], description["audio"], description["motion"]
        n_channels = motion.get("n_channels") or len(motion["channels"])
        n_mels = audio["n_mels"]
        specs = []
        for window in windows:
            n_mel = window // audio["anim_frames_per_group"] * audio["mel_frames_per_group"]
            specs.append(_batched("audio_encoder", networks, window, precision, batches, {"mel": (n_mel, n_mels)}))
            n_features, n_condition = networks["audio_encoder"]["n_features"], networks["conditioner"]["n_condition"]
            shapes = {
                "x_t": (window, n_channels), "known": (window, 1), "audio": (window, n_features),
                "condition": (n_condition,),
            }  # fmt: skip
            specs.append(_batched("denoiser", networks, window, precision, batches, shapes))
        n_steps = len(description["sampler"]["steps"])
        conditions: dict[str, tuple[Size, ...]] = {"style": (n_steps, None), "t": (n_steps,)}
        graph = networks["conditioner"]["file"]
        specs.append(PlanSpec("conditioner", graph, 0, "f32", conditions, [], [{"batch": n_steps}]))
        if "style_encoder" in networks:
            specs.append(_style_encoder(networks["style_encoder"], n_mels))
        return specs
    except (KeyError, TypeError, AttributeError) as e:
        raise BundleError(f"bundle.json is not whole: {e} is missing or wrong") from e


def _batched(
    network: str, networks: dict, window: int, precision: str, batches: Sequence[int], shapes: dict[str, tuple]
) -> PlanSpec:
    """With a profile per batch. A single batch is written into the graph, which then has no dynamic size."""
    axis: Size = "batch" if len(batches) > 1 else batches[0]
    profiles = [{"batch": (n, n, n)} for n in batches] if len(batches) > 1 else []
    full = {name: (axis, *rest) for name, rest in shapes.items()}
    return PlanSpec(
        network, networks[network]["file"], window, precision, full, profiles, [{"batch": n} for n in batches]
    )


def _style_encoder(about: dict, n_mels: int) -> PlanSpec:
    low, high = about["min_mel_frames"], about["max_mel_frames"]
    shapes: dict[str, tuple[Size, ...]] = {"mel": (1, "mel_frames", n_mels)}
    profile = {"mel_frames": (low, (low + high) // 2, high)}
    listed = {"batch": 1, "min_mel_frames": low, "max_mel_frames": high}
    return PlanSpec("style_encoder", about["file"], 0, "f32", shapes, [profile], [listed])
