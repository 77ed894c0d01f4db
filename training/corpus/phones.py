"""The phone set of the corpus and the tables that map each engine's phones to it.

The set is ARPAbet without stress, upper case: the 39 phones of the CMU Pronouncing Dictionary,
plus "SIL" for silence. A phone in a timing list is (name, start_s, end_s).
"""

SILENCE = "SIL"
BILABIAL = frozenset({"P", "B", "M"})
OPEN_VOWELS = frozenset({"AA", "AE", "AY", "AW", "AO", "EH"})
CLOSE_VOWELS = frozenset({"IY", "IH", "UW", "UH"})

VOWELS = frozenset((
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
))  # fmt: skip
CONSONANTS = frozenset((
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T",
    "TH", "V", "W", "Y", "Z", "ZH",
))  # fmt: skip
STOPS = frozenset(("P", "T", "K", "B", "D", "G", "CH", "JH"))
PHONES = VOWELS | CONSONANTS | {SILENCE}

# Kokoro and Hibari speak the alphabet of misaki (Apache-2.0), one character per token. Capitals
# A I O Q W Y are diphthongs. Characters in MISAKI_LENGTHENING belong to the phone before them.
MISAKI_TO_ARPABET = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY",
    "a": "AE", "æ": "AE", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "ɛ": "EH", "e": "EH", "ɜ": "ER",
    "ɚ": "ER", "ə": "AH", "ɐ": "AH", "ʌ": "AH", "ᵊ": "AH", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH",
    "i": "IY", "ʊ": "UH", "u": "UW", "o": "OW",
    "b": "B", "ʧ": "CH", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "h": "HH", "ʤ": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH",
    "t": "T", "T": "T", "ɾ": "T", "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z",
    "ʒ": "ZH", "x": "K",
}  # fmt: skip
MISAKI_LENGTHENING = frozenset("ː̃ʰʲ")
MISAKI_STRESS = frozenset("ˈˌ")
MISAKI_PAUSES = frozenset(';:,.!?—…"()“”')

# flite and festival use the CMU "radio" set: lower-case ARPAbet with ax (schwa), dx, axr and pau.
_CMU_RADIO_EXTRA = {
    "ax": "AH", "axr": "ER", "ix": "IH", "dx": "D", "el": "L", "em": "M", "en": "N", "nx": "N",
    "hv": "HH", "h#": SILENCE, "pau": SILENCE, "brth": SILENCE, "ssil": SILENCE, "sil": SILENCE,
}  # fmt: skip
CMU_RADIO_TO_ARPABET = {
    **{phone.lower(): phone for phone in VOWELS | CONSONANTS},
    **_CMU_RADIO_EXTRA,
}

# espeak-ng phoneme mnemonics of its English voices. A tuple shares the sound's time equally. In the
# rhotic voices the vowels of ESPEAK_RHOTIC hold an r of their own; elsewhere they are plain or end
# in a schwa. ESPEAK_JOINED are glides and marks that belong to the phone before them.
ESPEAK_TO_ARPABET = {
    "A:": ("AA",), "A@": ("AA",), "0": ("AA",), "a": ("AE",), "aa": ("AE",), "a#": ("AH",),
    "V": ("AH",), "VR": ("AH",), "@": ("AH",), "@2": ("AH",), "@5": ("AH",), "@-": ("AH",),
    "@L": ("AH", "L"), "3": ("AH",), "3:": ("ER",), "O": ("AO",), "O:": ("AO",), "O2": ("AO",),
    "O@": ("AO",), "o@": ("AO",), "E": ("EH",), "e@": ("EH",), "eI": ("EY",), "I": ("IH",),
    "I2": ("IH",), "I#": ("IH",), "IR": ("IH",), "i": ("IY",), "i:": ("IY",), "i@": ("IH", "AH"),
    "i@3": ("IH", "AH"), "aI": ("AY",), "aI2": ("AY",), "aI@": ("AY", "AH"), "aI3": ("AY", "AH"),
    "aU": ("AW",), "oU": ("OW",), "OI": ("OY",), "U": ("UH",), "U@": ("UH", "AH"), "u": ("UW",),
    "u:": ("UW",),
    "b": ("B",), "tS": ("CH",), "d": ("D",), "D": ("DH",), "f": ("F",), "g": ("G",), "h": ("HH",),
    "dZ": ("JH",), "k": ("K",), "l": ("L",), "m": ("M",), "n": ("N",), "n-": ("N",), "N": ("NG",),
    "p": ("P",), "r": ("R",), "r-": ("R",), "s": ("S",), "S": ("SH",), "t": ("T",), "t#": ("T",),
    "t2": ("T",), "t[": ("T",), "?": ("T",), "T": ("TH",), "v": ("V",), "w": ("W",), "w#": ("W",),
    "j": ("Y",), "z": ("Z",), "Z": ("ZH",), "x": ("K",),
    "_": (SILENCE,), "_:": (SILENCE,),
}  # fmt: skip
ESPEAK_RHOTIC = {
    "A@": ("AA", "R"), "O@": ("AO", "R"), "o@": ("AO", "R"), "e@": ("EH", "R"), "3": ("ER",),
    "i@3": ("IH", "R"), "U@": ("UH", "R"), "aI3": ("AY", "ER"),
}  # fmt: skip
ESPEAK_JOINED = frozenset((";", "_|", "_!", ""))


def merge_repeated_silence(phones):
    """Joins neighbouring SIL entries of a timing list into one; other phones stay as they are."""
    merged: list[tuple[str, float, float]] = []
    for name, start_s, end_s in phones:
        if merged and name == SILENCE and merged[-1][0] == SILENCE:
            merged[-1] = (SILENCE, merged[-1][1], end_s)
        else:
            merged.append((name, start_s, end_s))
    return merged
