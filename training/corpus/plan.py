"""Which voice says which sentence: the endless, seeded order of utterances of one engine."""

import random
import re
from dataclasses import dataclass

from training.corpus import text

# Voices that are heard in the test split only, with the number of test utterances of each. They
# come early (twice per round of voices), so a run cut short still has its test part.
HELD_OUT = {
    "kokoro": {"bm_lewis": 24, "af_nova": 24, "am_puck": 24},
    "hibari": {},
    "flite": {"awb": 130},
    "festival": {},
    "espeak": {"en-gb-x-rp+f3": 20, "en-us+Andy": 20, "en-gb-scotland+m7": 20},
}
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


def schedule(engine, voices, seed=0, wordnet_dir=text.WORDNET_DIR):
    """Utterances without end; rounds over all voices, so every prefix is balanced.

    engine: name, a key of HELD_OUT.   voices: names the engine offers.   seed: int.
    Yields Utterance. Held-out voices say sentences of the test split only, the others of train
    and val only.
    """
    rng = random.Random(f"plan:{engine}:{seed}")
    sentences = text.SentenceSource(f"{engine}:{seed}", wordnet_dir)
    test_left = {v: n for v, n in HELD_OUT[engine].items() if v in voices}
    train_voices = [voice for voice in voices if voice not in HELD_OUT[engine]]
    index = 0
    while True:
        turn = list(train_voices)
        for voice, left in test_left.items():
            turn += [voice] * min(left, HELD_OUT_PER_ROUND)
            test_left[voice] = max(0, left - HELD_OUT_PER_ROUND)
        rng.shuffle(turn)
        for voice in turn:
            sentence = sentences.next(for_test=voice in HELD_OUT[engine])
            slug = re.sub(r"[^a-z0-9]+", "_", voice.lower())
            yield Utterance(
                utt_id=f"{engine}-{slug}-{index:06d}",
                engine=engine,
                voice=voice,
                speed=round(rng.triangular(*SPEED_RANGE, 1.0), 3),
                text=sentence,
                split=text.split_of(sentence),
                seed=rng.getrandbits(31),
            )
            index += 1


def of_each_voice(utterances, engine, voices, limits):
    """A small part of a schedule that shows every voice which is not held out.

    utterances: of schedule() with this engine and these voices.   limits: how many utterances of a
    voice, by split, "train" or "val".   Yields Utterance until every voice has had so many.
    """
    left = {(v, s): n for v in voices if v not in HELD_OUT[engine] for s, n in limits.items()}
    for utterance in utterances:
        key = utterance.voice, utterance.split
        if left.get(key):
            left[key] -= 1
            yield utterance
        if not any(left.values()):
            return
