"""ARKit blendshape names and the groups of them that scores use."""

# Order of Apple's ARKit capture stream (the Live Link Face UDP order), camelCase; left and right are the subject's own.
ARKIT_CHANNELS: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip

# Head pose, behind the weights in a bundle's motion.channels: rotations in radians, Animation.head_pose has the signs.
HEAD_POSE_CHANNELS: tuple[str, ...] = ("headYaw", "headPitch", "headRoll")

CHANNEL_INDEX: dict[str, int] = {name: i for i, name in enumerate(ARKIT_CHANNELS)}

# Channels that speech moves: the jaw and the mouth.
LIP_CHANNELS: tuple[str, ...] = tuple(c for c in ARKIT_CHANNELS if c.startswith(("jaw", "mouth")))


# Channels that speech decides: lips, jaw, tongue. The sampler's noise moves them less than the free ones, so that takes
# differ in what the phones leave open while a closure does not come with one seed and go with another.
TIED_CHANNELS: tuple[str, ...] = (*LIP_CHANNELS, "tongueOut")


def indices(names) -> list[int]:
    """Positions of `names` in ARKIT_CHANNELS; an unknown name raises KeyError."""
    return [CHANNEL_INDEX[n] for n in names]
