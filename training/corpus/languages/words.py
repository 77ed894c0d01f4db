"""Text of a language without a text: sequences of its words, common ones more often."""

import random

from training.corpus import text
from training.corpus.engines.base import EngineMissing
from training.corpus.languages.language import Language

# The most frequent entries of the list, before those of another script are left out; the Japanese list is mostly kanji.
N_WORDS = 20000
# Weight of a word is its frequency to this power: 1 would say "de" in every sentence, 0 would say rare names.
FREQUENCY_POWER = 0.6
WORDS = (3, 9)
TEST_WORDS = (5, 9)
CHANCE_OF_COMMA = 0.12
ENDINGS = (".", ".", ".", ".", "?", "!")


def frequent_words(language: Language) -> dict[str, float]:
    """Word -> frequency of a language, most frequent first.

    Raises EngineMissing when the word lists are not installed.
    """
    try:
        from wordfreq import get_frequency_dict
    except ImportError as error:
        raise EngineMissing("languages: wordfreq is missing; pip install wordfreq") from error
    ordered = sorted(get_frequency_dict(language.words).items(), key=lambda entry: (-entry[1], entry[0]))
    return {word: share for word, share in ordered[:N_WORDS] if language.is_word(word)}


class WordSource:
    """An endless, seeded stream of word sequences; has the interface of text.SentenceSource.

    language: whose words.   seed: any string or int; the same seed gives the same sequences in the same order.
    """

    def __init__(self, language: Language, seed):
        self._random = random.Random(f"words:{language.code}:{seed}")
        known = frequent_words(language)
        self._words = list(known)
        self._weights = [share**FREQUENCY_POWER for share in known.values()]

    def _sequence(self, bounds):
        words = self._random.choices(self._words, self._weights, k=self._random.randint(*bounds))
        marks = ["," if self._random.random() < CHANCE_OF_COMMA else "" for _ in words[1:]]
        return " ".join(w + m for w, m in zip(words, [*marks, self._random.choice(ENDINGS)], strict=True))

    def next(self, for_test):
        """The next sequence: of the test split when for_test, else of train or val."""
        while True:
            sequence = self._sequence(TEST_WORDS if for_test else WORDS)
            if (text.split_of(sequence) == "test") == for_test:
                return sequence
