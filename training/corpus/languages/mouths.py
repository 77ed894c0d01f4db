"""espeak-ng's sounds as the 39 phones of the corpus, by what a viewer sees: lips first, then jaw, then tongue.

The phone set is baked into checkpoints, so a foreign sound takes the phone whose mouth is nearest, not the one that
sounds nearest. The rules of choice:

- lips that meet are P, B or M: aspirated, breathy, palatalised, and the Spanish approximant (its lips nearly touch);
- lip on teeth is F or V, the Hindi and Dutch approximant included; a bilabial fricative (Japanese fu) is W;
- rounded front vowels are rounded vowels of the same opening: UW for y, OW for the o-like, AO for the open one;
- unrounded back vowels (Turkish i without dot, Mandarin e) are the unrounded ones of the same opening;
- nasal vowels are their oral ones; the nose does not show;
- retroflex, dental and emphatic consonants are the alveolar ones; taps and trills are D, whose tongue tip is up and
  whose lips are free (English R rounds the lips);
- uvular and velar fricatives are G when voiced and HH when not; pharyngeal and glottal ones are HH: the lips are free.

A repeated name takes so many shares of the time: ("W", "AA", "AA") is a glide of a third and a vowel of two.
"""

from training.corpus.phones import SILENCE

# Marks without a mouth of their own: glides of palatalisation, links between words, switches, stress and tone.
JOINED = frozenset((
    "", ";", "_|", "_!", "|", "||", "_;_", "1", "%", "%%", ",", ",,", "'", "''", "=", "'!", ":", "-", "_j",
    "11", "21", "214", "22", "33", "35", "44", "51", "53", "55",
))  # fmt: skip

_VOWELS = {
    "a": "AA", "a/": "AA", "a-": "AA", "a.": "AA", "a:": "AA", "A": "AA", "A:": "AA", "a~": "AA", "A~": "AA",
    "a#": "AH",
    "@": "AH", "@-": "AH", "@2": "AH", "@3": "AH", "V": "AH", "V#": "AH", "V~": "AH", "3": "AH", "UR": "AH", "@5": "AH",
    "&": "AE", "&:": "AE", "e": "EY", "e:": "EY", "e/": "EY", "e-": "EY", "e~": "EY", "EI": "EY", "eI": "EY",
    "ei": "EY",
    "E": "EH", "E/": "EH", "E-": "EH", "E:": "EH", "E2": "EH", "E3": "EH", "E#": "EH", "E%": "EH", "E~": "EH",
    "i": "IY", "i:": "IY", "i/": "IY", "i#": "IY", "i2": "IY", "i2:": "IY", "i~": "IY",
    "I": "IH", "I:": "IH", "I2": "IH", "I3": "IH", "I#": "IH", "I^": "IH", "I~": "IH", "i.": "IH", "i[": "IH",
    "iR": "IH",
    "o": "OW", "o:": "OW", "o/": "OW", "o~": "OW", "O~": "OW", "oU": "OW", "ou": "OW", "Y": "OW", "Y:": "OW", "8": "OW",
    "O": "AO", "O:": "AO", "W": "AO", "W2": "AO", "W~": "AO", "o-": "AH",
    "u": "UW", "u:": "UW", "u.": "UW", "u~": "UW", "u\"": "UW", "y": "UW", "y:": "UW", "y-": "UW",
    "U": "UH", "U~": "UH", "u#": "UH",
    "aI": "AY", "ai": "AY", "aU": "AW", "Au": "AW", "OI": "OY", "oI": "OY", "oI~": "OY", "OY": "OY", "@r": "ER",
}  # fmt: skip
_GLIDES = {
    "iU": "IY UW", "eU": "EY UW", "EU": "EH UW", "uI": "UW IY", "ja": "Y AA AA", "ja#": "Y AH AH", "ju": "Y UW UW",
    "iA": "Y AA AA", "iAu": "Y AW AW", "iE": "Y EH EH", "io": "Y OW OW", "iou": "Y OW OW", "ong": "UH NG",
    "uA": "W AA AA", "ua": "W AA AA", "uai": "W AY AY", "u@": "W AH AH", "uei": "W EY EY", "uo": "W AO AO",
    "y&": "UW EH EH", "yE": "UW EH EH", "y@": "UW AH", "yi": "UW IY", "yu": "UW", "yu:": "UW",
    "@L": "AH L",
}  # fmt: skip
_CONSONANTS = {
    "p": "P", "p#": "P", "p2": "P", "ph": "P", "b": "B", "b#": "B", "B": "B", "m": "M", "m;": "M", "m-": "M",
    "pF": "P F",
    "f": "F", "v": "V", "v#": "V", "w": "W", "w2": "W", "w/": "W", "p\\": "W",
    "t": "T", "t[": "T", "t2": "T", "t3": "T", "t#": "T", "t.": "T", "t.#": "T", "th": "T", "t;": "T",
    "d": "D", "d[": "D", "d#": "D", "d.": "D", "d.#": "D", "d;": "D", "dH": "D",
    "r": "D", "r2": "D", "R": "D", "R2": "D", "R3": "D", "R4": "D", "*": "D", "**": "D", "r.": "D", "r`": "D",
    "r-": "D", "r/": "D", "r/2": "D",
    "T": "TH", "D": "DH", "n": "N", "n2": "N", "n-": "N", "n.": "N", "n^": "N", "n_": "N", "n#": "N", "N\\": "N",
    "N": "NG", "N-": "NG",
    "l": "L", "l/": "L", "l/2": "L", "l/3": "L", "l2": "L", "l^": "L", "l.": "L", "L": "L", "L/": "L", "l#": "L",
    "l-": "L",
    "s": "S", "ss": "S", "s[": "S", "s#": "S", "z": "Z", "z2": "Z", "z3": "Z",
    "S": "SH", "S;": "SH", "S~": "SH", "s;": "SH", "s.": "SH", "s\\": "SH", "Z": "ZH", "Z;": "ZH", "z;": "ZH",
    "z.": "ZH",
    "tS": "CH", "tS;": "CH", "tS~": "CH", "tS;h": "CH", "ts.": "CH", "ts.h": "CH", "t_s\\": "CH",
    "dZ": "JH", "dZ;": "JH", "dZ~": "JH", "d_z\\": "JH",
    "ts": "T S", "ts2": "T S", "tsh": "T S", "t_s": "T S", "dz": "D Z",
    "k": "K", "kh": "K", "k#": "K", "k~": "K", "c": "K", "q": "K",
    "g": "G", "g#": "G", "g~": "G", "gH": "G", "J": "G", "Q": "G", "Q^": "G", "Q\"": "G", "Q~": "G", "r\"": "G",
    "h": "HH", "H": "HH", "x": "HH", "X": "HH", "C": "HH", "?": "HH", "#X1": "HH", "#X2": "HH", "G": "HH",
    "j": "Y", "j/": "Y", "j.": "Y", "J^": "Y",
}  # fmt: skip
_PAUSES = ("_", "_:", "_::", "_X1", "_^_")

COMMON = {
    **{mnemonic: tuple(names.split()) for mnemonic, names in (_VOWELS | _GLIDES | _CONSONANTS).items()},
    **dict.fromkeys(_PAUSES, (SILENCE,)),
}
