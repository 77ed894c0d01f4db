"""Names that programs give to targets, beside ARKit's: lower-case words in a row, the side of the face last."""

from __future__ import annotations

Terms = dict[str, float]


def _sided(table: dict[str, str]) -> dict[str, Terms]:
    """Both sides of names whose channel has the same sides."""
    return {name + side: {channel + side.title(): 1.0} for name, channel in table.items() for side in ("left", "right")}


def _shared(names: str, channel: str) -> dict[str, Terms]:
    """Targets that are parts of one channel's movement."""
    return {name: {channel: 1.0} for name in names.split()}


def _mean(*channels: str) -> Terms:
    return {channel: 1 / len(channels) for channel in channels}


_BLINK = _mean("eyeBlinkLeft", "eyeBlinkRight")
_SMILE = _mean("mouthSmileLeft", "mouthSmileRight")

# Names with the letters of the two sides spelt together, as in mouthFunnelUL, are no sided words.
_METAHUMAN: dict[str, Terms] = {
    **_sided(
        {
            "browraiseouter": "browOuterUp", "eyewiden": "eyeWide", "eyesquintinner": "eyeSquint",
            "eyecheekraise": "cheekSquint", "nosewrinkle": "noseSneer", "mouthcornerpull": "mouthSmile",
            "mouthcornerdepress": "mouthFrown", "mouthupperlipraise": "mouthUpperUp",
            "mouthlowerlipdepress": "mouthLowerDown", "mouthlipspress": "mouthPress",
        }
    ),
    **_shared("browraiseinleft browraiseinright", "browInnerUp"),
    **_shared("mouthfunnelul mouthfunnelur mouthfunneldl mouthfunneldr", "mouthFunnel"),
    **_shared("mouthlipspurseul mouthlipspurseur mouthlipspursedl mouthlipspursedr", "mouthPucker"),
    **_shared("mouthlipstogetherul mouthlipstogetherur mouthlipstogetherdl mouthlipstogetherdr", "mouthClose"),
    **_shared("mouthupperliprollinleft mouthupperliprollinright", "mouthRollUpper"),
    **_shared("mouthlowerliprollinleft mouthlowerliprollinright", "mouthRollLower"),
    **_shared("jawchinraisedl jawchinraisedr", "mouthShrugLower"),
    **_shared("jawchinraiseul jawchinraiseur", "mouthShrugUpper"),
    **_shared("mouthcheekblowleft mouthcheekblowright", "cheekPuff"),
    **_shared("jawfwd", "jawForward"),
}  # fmt: skip
# Reallusion Character Creator 3 and 4.
_REALLUSION: dict[str, Terms] = {
    **_sided(
        {
            "browraiseouter": "browOuterUp", "browdrop": "browDown", "cheekraise": "cheekSquint",
            "mouthupupper": "mouthUpperUp", "mouthdownlower": "mouthLowerDown",
        }
    ),
    **_shared("browraiseinnerleft browraiseinnerright", "browInnerUp"),
    **_shared("cheekpuffleft cheekpuffright", "cheekPuff"),
    **_shared("mouthrollinupperleft mouthrollinupperright mouthrollinupper", "mouthRollUpper"),
    **_shared("mouthrollinlowerleft mouthrollinlowerright mouthrollinlower", "mouthRollLower"),
    **_shared("mouthpuckerupleft mouthpuckerupright mouthpuckerdownleft mouthpuckerdownright", "mouthPucker"),
    **_shared("mouthfunnelupleft mouthfunnelupright mouthfunneldownleft mouthfunneldownright", "mouthFunnel"),
    "vexplosive": {"viseme_PP": 1.0}, "vdentallip": {"viseme_FF": 1.0}, "vaffricate": {"viseme_CH": 1.0},
    "vtight": {"viseme_SS": 1.0}, "vtighto": {"viseme_U": 1.0}, "vopen": {"viseme_aa": 1.0},
    "vwide": {"viseme_I": 1.0}, "vlipopen": {"viseme_DD": 1.0},
}  # fmt: skip
# MakeHuman's expression units, our choice by their shapes.
_MAKEHUMAN: dict[str, Terms] = {
    **_sided(
        {
            "eyeclosure": "eyeBlink", "eyeopenedup": "eyeWide", "eyeslit": "eyeSquint", "eyebrowsdown": "browDown",
            "eyebrowsexternup": "browOuterUp", "noseelevation": "noseSneer",
        }
    ),
    **_shared("eyebrowsinnerupleft eyebrowsinnerupright", "browInnerUp"),
    "mouthcornerpuller": _SMILE, "mouthpursing": {"mouthPucker": 1.0},
    "mouthdepression": _mean("mouthFrownLeft", "mouthFrownRight"),
    "mouthretraction": _mean("mouthStretchLeft", "mouthStretchRight"),
    "mouthelevation": _mean("mouthUpperUpLeft", "mouthUpperUpRight"),
    "mouthparling": _mean("mouthLowerDownLeft", "mouthLowerDownRight"),
}  # fmt: skip
# VRoid Studio, Fcl_PLACE_NAME.
_VROID: dict[str, Terms] = {
    "fclmtha": {"viseme_aa": 1.0}, "fclmthi": {"viseme_I": 1.0}, "fclmthu": {"viseme_U": 1.0},
    "fclmthe": {"viseme_E": 1.0}, "fclmtho": {"viseme_O": 1.0},
    "fcleyeclose": _BLINK, "fcleyecloseleft": {"eyeBlinkLeft": 1.0}, "fcleyecloseright": {"eyeBlinkRight": 1.0},
    "fclbrwsurprised": _mean("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "fclbrwangry": _mean("browDownLeft", "browDownRight"),
}  # fmt: skip
# Daz Genesis 8: eCTRLvAA and others; Genesis 9 has ARKit's names behind facs_bs_ or facs_jnt_.
_DAZ: dict[str, Terms] = {
    f"ectrlv{sound}": {viseme: 1.0}
    for sound, viseme in {
        "aa": "viseme_aa", "eh": "viseme_E", "iy": "viseme_I", "ow": "viseme_O", "uw": "viseme_U", "m": "viseme_PP",
        "f": "viseme_FF", "th": "viseme_TH", "t": "viseme_DD", "k": "viseme_kk", "sh": "viseme_CH", "s": "viseme_SS",
        "l": "viseme_nn", "er": "viseme_RR",
    }.items()
} | {"ectrlmouthopen": {"jawOpen": 1.0}, "ectrleyesclosedleft": {"eyeBlinkLeft": 1.0},
     "ectrleyesclosedright": {"eyeBlinkRight": 1.0}, "ectrleyesclosed": _BLINK}  # fmt: skip

_VISEMES = "PP FF TH DD kk CH SS nn RR aa E I O U".split()
# VRChat (vrc.v_aa), Microsoft Rocketbox (AA_VI_10_aa).
_VRCHAT: dict[str, Terms] = {f"vrcv{name.lower()}": {f"viseme_{name}": 1.0} for name in _VISEMES}
_VRCHAT |= {"vrcvih": {"viseme_I": 1.0}, "vrcvoh": {"viseme_O": 1.0}, "vrcvou": {"viseme_U": 1.0}}
_VRCHAT |= {"visemeih": {"viseme_I": 1.0}, "visemeoh": {"viseme_O": 1.0}, "visemeou": {"viseme_U": 1.0}}
_ROCKETBOX: dict[str, Terms] = {
    f"aavi{i:02d}{name.lower()}": {f"viseme_{name}": 1.0} for i, name in enumerate(_VISEMES, start=1)
}

ALIASES: dict[str, Terms] = {
    **_METAHUMAN, **_REALLUSION, **_MAKEHUMAN, **_VROID, **_DAZ, **_VRCHAT, **_ROCKETBOX,
    "mouthopen": {"jawOpen": 1.0}, "mouthsmile": _SMILE, "eyesclosed": _BLINK, "eyesclose": _BLINK, "eyeblink": _BLINK,
    "eyeclosedleft": {"eyeBlinkLeft": 1.0}, "eyeclosedright": {"eyeBlinkRight": 1.0},
    "browinnerupleft": {"browInnerUp": 1.0}, "browinnerupright": {"browInnerUp": 1.0},
    "eyeslookup": _mean("eyeLookUpLeft", "eyeLookUpRight"),
    "eyeslookdown": _mean("eyeLookDownLeft", "eyeLookDownRight"),
}  # fmt: skip

# Names that mean something only when nothing stands beside them: expressions of VRM 0 and 1, letters, Japanese names.
WHOLE_NAMES: dict[str, Terms] = {
    "aa": {"viseme_aa": 1.0}, "ih": {"viseme_I": 1.0}, "ou": {"viseme_U": 1.0}, "ee": {"viseme_E": 1.0},
    "oh": {"viseme_O": 1.0}, "a": {"viseme_aa": 1.0}, "i": {"viseme_I": 1.0}, "u": {"viseme_U": 1.0},
    "e": {"viseme_E": 1.0}, "o": {"viseme_O": 1.0}, "pp": {"viseme_PP": 1.0}, "ff": {"viseme_FF": 1.0},
    "ch": {"viseme_CH": 1.0}, "ss": {"viseme_SS": 1.0}, "rr": {"viseme_RR": 1.0}, "nn": {"viseme_nn": 1.0},
    "kk": {"viseme_kk": 1.0}, "dd": {"viseme_DD": 1.0}, "th": {"viseme_TH": 1.0},
    "blink": _BLINK, "blinkleft": {"eyeBlinkLeft": 1.0}, "blinkright": {"eyeBlinkRight": 1.0}, "smile": _SMILE,
    "あ": {"viseme_aa": 1.0}, "い": {"viseme_I": 1.0}, "う": {"viseme_U": 1.0}, "え": {"viseme_E": 1.0},
    "お": {"viseme_O": 1.0}, "まばたき": _BLINK,
    "ウィンク": {"eyeBlinkLeft": 1.0}, "ウィンク右": {"eyeBlinkRight": 1.0},
}  # fmt: skip
