"""One row per language; what to add for a new one is told in README.md beside this file."""

from training.corpus.languages.language import Language

# espeak's own names, so that a row can be compared with `espeak-ng --voices` and its phoneme tables.
_ROWS = (
    Language(
        "ar", "Arabic", ("ar",), "ar", r"[\u0621-\u064a]{2,}",
        {"A": ("HH",), "Z": ("DH",), "i.": ("IY",)},  # A: ayn, Z: emphatic dh, i.: after an emphatic
    ),
    Language("cmn", "Mandarin", ("cmn-latn-pinyin",), "zh", r"[\u4e00-\u9fff]+", {"z.": ("R",)}),
    Language(
        "de", "German", ("de",), "de", r"[a-zäöüß]{2,}",
        {"g#": ("HH",), "r": ("G",)},  # the r of the throat; g# is the end of "wenig"
    ),
    Language("es", "Spanish", ("es", "es-419"), "es", r"[a-zñáéíóúü]{2,}|[aeyo]"),
    Language(
        "fr", "French", ("fr", "fr-be", "fr-ch"), "fr", r"[a-zàâçéèêëîïôûùüÿœæ]{2,}|[aày]",
        {"r": ("G",), "r2": ("G",), "r/": ("G",), "r/2": ("G",), "E~": ("AE",), "a#": ("AA",)},
    ),
    Language(
        "hi", "Hindi", ("hi",), "hi", r"[\u0900-\u097f]{2,}",
        {"c": ("CH",), "c#": ("CH",), "J": ("JH",), "J#": ("JH",)},
    ),
    Language("it", "Italian", ("it",), "it", r"[a-zàèéìòù]{2,}|[aeoiè]"),
    Language(
        "ja", "Japanese", ("ja",), "ja", r"[\u3041-\u3096\u30a1-\u30fa\u30fc]{2,}",  # espeak reads kana only
        {"u": ("UH",), "u~": ("UH",)},  # lips pressed together from the sides rather than pushed forward
    ),
    Language(
        "pt", "Portuguese", ("pt", "pt-br"), "pt", r"[a-zãáàâçéêíõóôúü]{2,}|[aeoéà]",
        {"&": ("AH",), "&/": ("AH",), "&~": ("AH",), "&U~": ("AW",), "y": ("IH",), "s#": ("SH",)},
        {"pt-br": {"s#": ("S",)}},
    ),
    Language(
        "ru", "Russian", ("ru",), "ru", r"[а-яё]{2,}|[авикосуяо]",
        {"y": ("IH",), "Y": ("IH",), "s;": ("S",), "z;": ("Z",)},
    ),
    Language(
        "tr", "Turkish", ("tr",), "tr", r"[a-zçğıöşüâîû]{2,}|o",
        {"@": ("IH",)},  # the i without a dot
    ),
)  # fmt: skip
LANGUAGES = {row.code: row for row in _ROWS}
