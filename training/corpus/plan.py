"""Which voice says which sentence: the endless, seeded order of utterances of one engine."""

import random
import re
from dataclasses import dataclass

from training.corpus import text
from training.corpus.languages import ENGLISH, LANGUAGES
from training.corpus.languages.words import WordSource

# Voices that are heard in the test split only, with the number of test utterances of each. They
# come early (twice per round of voices), so a run cut short still has its test part.
HELD_OUT = {
    "kokoro": {"bm_lewis": 24, "af_nova": 24, "am_puck": 24},
    "hibari": {},
    "flite": {"awb": 130},
    "festival": {},
    "espeak": {"en-gb-x-rp+f3": 20, "en-us+Andy": 20, "en-gb-scotland+m7": 20},
}
# The same speakers in every other language, as espeak's variants.
HELD_OUT_SPEAKERS = {"f3": 8, "m7": 8, "Andy": 8}
HELD_OUT_PER_ROUND = 2
SPEED_RANGE = (0.8, 1.25)


@dataclass(frozen=True)
class Utterance:
    """One planned utterance; `utt_id` depends on the engine, voice and place in the order."""

    utt_id: str
    engine: str
    voice: str
    speed: float
    text: str
    split: str
    seed: int
    language: str = ENGLISH


def held_out(engine, voices, language=ENGLISH):
    """Voices that say the test split only, and how many sentences each: dict of the names that are among voices."""
    if language == ENGLISH:
        return {voice: n for voice, n in HELD_OUT[engine].items() if voice in voices}
    counts = {voice: HELD_OUT_SPEAKERS.get(voice.partition("+")[2], 0) for voice in voices}
    return {voice: n for voice, n in counts.items() if n}


def schedule(engine, voices, seed=0, wordnet_dir=text.WORDNET_DIR, language=ENGLISH):
    """Utterances without end; rounds over all voices, so every prefix is balanced.

    engine: name, a key of HELD_OUT.   voices: names the engine offers.   seed: int.   language: "en" or of LANGUAGES.
    Yields Utterance. Held-out voices say sentences of the test split only, the others of train
    and val only.
    """
    if language == ENGLISH:
        sentences: text.SentenceSource | WordSource = text.SentenceSource(f"{engine}:{seed}", wordnet_dir)
        rng = random.Random(f"plan:{engine}:{seed}")
    else:
        sentences = WordSource(LANGUAGES[language], f"{engine}:{seed}")
        rng = random.Random(f"plan:{engine}:{language}:{seed}")
    apart = held_out(engine, voices, language)
    test_left = dict(apart)
    train_voices = [voice for voice in voices if voice not in apart]
    index = 0
    while True:
        turn = list(train_voices)
        for voice, left in test_left.items():
            turn += [voice] * min(left, HELD_OUT_PER_ROUND)
            test_left[voice] = max(0, left - HELD_OUT_PER_ROUND)
        rng.shuffle(turn)
        for voice in turn:
            sentence = sentences.next(for_test=voice in apart)
            slug = re.sub(r"[^a-z0-9]+", "_", voice.lower())
            yield Utterance(
                utt_id=f"{engine}-{slug}-{index:06d}",
                engine=engine,
                voice=voice,
                speed=round(rng.triangular(*SPEED_RANGE, 1.0), 3),
                text=sentence,
                split=text.split_of(sentence),
                seed=rng.getrandbits(31),
                language=language,
            )
            index += 1


def of_each_voice(utterances, engine, voices, limits, language=ENGLISH):
    """A small part of a schedule that shows every voice which is not held out.

    utterances: of schedule() with this engine and these voices.   limits: how many utterances of a
    voice, by split, "train" or "val".   Yields Utterance until every voice has had so many.
    """
    apart = held_out(engine, voices, language)
    left = {(v, s): n for v in voices if v not in apart for s, n in limits.items()}
    for utterance in utterances:
        key = utterance.voice, utterance.split
        if left.get(key):
            left[key] -= 1
            yield utterance
        if not any(left.values()):
            return
