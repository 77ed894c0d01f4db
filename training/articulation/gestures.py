"""From articulatory trajectories to ARKit weights of jaw, mouth and tongue."""

from __future__ import annotations

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX
from training.articulation.phones import DIMS
from training.articulation.style import TalkingStyle


def mouth_weights(
    trajectory: np.ndarray, seal: np.ndarray, tuck: np.ndarray, loudness: np.ndarray, style: TalkingStyle
) -> np.ndarray:
    """ARKit weights with only jaw, mouth and tongue channels set.
    trajectory: [n, len(DIMS)] of coarticulation.articulate.   seal, tuck: [n] lip contact 0..1.
    loudness: [n] around 0 (average syllable), -1 quiet .. 1 loud.   Returns float64 [n, 52], 0..1.
    """
    dim = {name: trajectory[:, i] for i, name in enumerate(DIMS)}
    out = np.zeros((len(trajectory), len(ARKIT_CHANNELS)))

    def put(name: str, value: np.ndarray) -> None:
        out[:, CHANNEL_INDEX[name]] += value

    def put_pair(name: str, value: np.ndarray) -> None:
        put(name + "Left", value)
        put(name + "Right", value)

    free = 1 - seal
    loud = 1 + style.loudness_effect * loudness
    jaw = dim["jaw"] * style.jaw_gain * loud
    apart = dim["apart"] * style.apart_gain * loud * free * (1 - 0.8 * tuck)
    spread = dim["spread"] * style.spread_gain
    pucker, funnel = dim["pucker"] * style.rounding_gain, dim["funnel"] * style.rounding_gain

    put("jawOpen", jaw)
    # The corrective closes the lips over the open jaw: equal weights seal them (semantics of the ARKit shapes).
    put("mouthClose", jaw * np.maximum(seal, 0.7 * tuck))
    put_pair("mouthLowerDown", 0.32 * apart)
    put_pair("mouthUpperUp", 0.22 * apart + 0.1 * tuck)
    put_pair("mouthStretch", 0.35 * spread)
    put_pair("mouthDimple", 0.15 * spread)
    put_pair("mouthSmile", 0.15 * spread)
    put("mouthPucker", 0.8 * pucker)
    put("mouthFunnel", 0.8 * funnel * free)
    put("mouthRollLower", 0.65 * tuck + 0.12 * seal * style.press_gain)
    put("mouthRollUpper", 0.12 * seal * style.press_gain)
    put_pair("mouthPress", 0.12 * seal * style.press_gain)
    put("mouthShrugUpper", 0.3 * dim["shrug"] * free)
    put("mouthShrugLower", 0.25 * dim["shrug"])
    put("jawForward", 0.15 * dim["shrug"] + 0.1 * tuck)
    put("tongueOut", 0.8 * dim["tongue"])
    return np.clip(out, 0, 1)
