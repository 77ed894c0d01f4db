"""Sentences to speak: WordNet usage examples and the project's own template grammar.

Every text belongs to exactly one split, decided by a hash of its normalised form, so a sentence of
the test split is never in train whatever the engine, voice or seed.
"""

import hashlib
import random
import re
import unicodedata
from pathlib import Path

from training.corpus import drills

WORDNET_DIR = Path("/usr/share/wordnet")
WORDNET_FILES = ("data.noun", "data.verb", "data.adj", "data.adv")

# Share of each kind of text among the utterances.
KIND_SHARES = {"wordnet": 0.65, "command": 0.12, "drill": 0.10, "dialogue": 0.13}

# Of 1000 hash buckets: the first 100 are test, the next 20 val, the rest train.
TEST_BUCKETS, VAL_BUCKETS, N_BUCKETS = 100, 20, 1000

_PLAIN = re.compile(r"[A-Za-z' ,;.!?-]+")
# An example followed by a dash is a quotation with an author; only WordNet's own ones are used.
_EXAMPLE = re.compile(r'"([^"]+)"(?!\s*-)')


def normalise(text):
    """Lower case, letters and vowel signs only, single spaces: what makes two texts the same sentence."""
    return " ".join("".join(c if unicodedata.category(c)[0] in "LM" else " " for c in text.lower()).split())


def split_of(text):
    """ "train", "val" or "test" for a text, from the sha256 of its normalised form."""
    digest = hashlib.sha256(normalise(text).encode("utf-8")).digest()
    bucket = int.from_bytes(digest[:8], "big") % N_BUCKETS
    if bucket < TEST_BUCKETS:
        return "test"
    return "val" if bucket < TEST_BUCKETS + VAL_BUCKETS else "train"


def as_sentence(text):
    """First letter upper case, a full stop when there is no closing punctuation."""
    text = " ".join(text.split()).strip(" ,;-")
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def wordnet_examples(wordnet_dir=WORDNET_DIR, min_words=4, max_words=16):
    """Usage examples of WordNet 3.0, plain ASCII letters and basic punctuation, no duplicates.

    wordnet_dir: folder with data.noun, data.verb, data.adj, data.adv (Debian wordnet-base).
    Returns a sorted list of sentences.
    Raises FileNotFoundError when the folder lacks the files, naming the package to install.
    """
    found: dict[str, str] = {}  # by their words
    for name in WORDNET_FILES:
        path = Path(wordnet_dir) / name
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; apt-get install wordnet-base")
        for line in path.read_text("utf-8", errors="replace").splitlines():
            for example in _EXAMPLE.findall(line.partition(" | ")[2]):
                if _PLAIN.fullmatch(example) and min_words <= len(example.split()) <= max_words:
                    sentence = as_sentence(example)
                    found.setdefault(normalise(sentence), sentence)
    return sorted(found.values())


class SentenceSource:
    """An endless, seeded stream of sentences of the four kinds.

    seed: any string or int; the same seed gives the same sentences in the same order.
    """

    def __init__(self, seed, wordnet_dir=WORDNET_DIR):
        self._random = random.Random(f"sentences:{seed}")
        self._makers = {
            "command": drills.command,
            "drill": drills.drill,
            "dialogue": drills.dialogue,
        }
        examples = wordnet_examples(wordnet_dir)
        self._random.shuffle(examples)
        self._pools: dict[str, list[str]] = {"test": [], "train": []}
        for sentence in examples:
            self._pools[self._side(sentence)].append(sentence)
        self._next = {"test": 0, "train": 0}
        self._used: set[str] = set()

    @staticmethod
    def _side(sentence):
        """ "test" or "train" (with val: the voices of train speak both)."""
        return "test" if split_of(sentence) == "test" else "train"

    def _wordnet(self, side):
        pool = self._pools[side]
        sentence = pool[self._next[side] % len(pool)]
        self._next[side] += 1
        return sentence

    def next(self, for_test):
        """The next sentence: from the test split when for_test, else from train or val.

        Test sentences have at least 5 words so that they last 2 s or more.
        """
        side = "test" if for_test else "train"
        kinds, shares = zip(*KIND_SHARES.items(), strict=True)
        kind = self._random.choices(kinds, shares)[0]
        for attempt in range(400):
            sentence = self._wordnet(side) if kind == "wordnet" else self._makers[kind](self._random)
            fits = self._side(sentence) == side
            long_enough = not for_test or 5 <= len(sentence.split()) <= 14
            # Short answers ("No.") are few: after a while a repeated one is accepted.
            fresh = normalise(sentence) not in self._used or attempt >= 40
            if fits and long_enough and fresh:
                self._used.add(normalise(sentence))
                return sentence
        return self._wordnet(side)
