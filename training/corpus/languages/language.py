"""What the corpus has to know of a language: its voices, its words, and the mouth of each of its sounds."""

import re
from dataclasses import dataclass, field

from training.corpus.languages.mouths import COMMON, JOINED

# espeak-ng reads words of another script with another voice and marks the change so: "(en)".
_OTHER_VOICE = re.compile(r"\(.+\)")


@dataclass(frozen=True)
class Language:
    """One language. The text comes from frequencies of words, the sounds from espeak-ng.

    voices: espeak-ng's voices of it, the dialects.   words: code of the word list (PyPI wordfreq).
    script: regular expression that a whole word must match; leaves out loans in other letters.
    mouths: espeak mnemonic -> phones, where this language uses a mnemonic otherwise than COMMON.
    by_voice: the same for single voices, above mouths.
    """

    code: str
    name: str
    voices: tuple[str, ...]
    words: str
    script: str
    mouths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    by_voice: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def phones_of(self, mnemonic: str, voice: str = "") -> tuple[str, ...] | None:
        """Phones that show an espeak sound, in equal shares of its time; () when it belongs to the sound before it.

        voice: an espeak voice of the language.   None: espeak has another voice speak, or the table lacks the sound.
        """
        if mnemonic in JOINED:
            return ()
        if _OTHER_VOICE.fullmatch(mnemonic):
            return None
        for table in (self.by_voice.get(voice, {}), self.mouths, COMMON):
            if mnemonic in table:
                return table[mnemonic]
        return None

    def is_word(self, word: str) -> bool:
        return re.fullmatch(self.script, word) is not None
