"""Template grammar of the project: commands, lip drills and dialogue."""

from training.corpus import wordbank as bank


def _sentence(text, closing="."):
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + closing


def command(rng):
    """A short command such as "Place red by Q nine please.", in a free word order.

    rng: random.Random.   Returns a sentence.
    """
    verb, colour = rng.choice(bank.VERBS), rng.choice(bank.COLOURS)
    preposition, letter = rng.choice(bank.PREPOSITIONS), rng.choice(bank.LETTERS)
    digit, adverb = rng.choice(bank.DIGITS), rng.choice(bank.ADVERBS)
    thing, name = rng.choice(bank.OBJECTS), rng.choice(bank.NAMES)
    square = rng.choice((f"{letter} {digit}", f"{letter} {digit}", f"{digit} {letter}", letter))
    what = rng.choice((colour, f"the {colour} {thing}", f"{colour} {thing}", f"that {thing}"))
    more = f"{rng.choice(bank.LETTERS)} {rng.choice(bank.DIGITS)}"
    orders = (
        f"{verb} {what} {preposition} {square} {adverb}",
        f"{verb} {what} {preposition} {square}",
        f"{adverb} {verb} {what} {preposition} {square}",
        f"{preposition} {square}, {verb} {what} {adverb}",
        f"{verb} {what} and {rng.choice(bank.COLOURS)} {preposition} {square} {adverb}",
        f"{name}, {verb} {what} {preposition} {more}",
        f"{what} {preposition} {square}, {adverb}",
        f"{verb} {digit} {colour} {thing}s {preposition} {more} {adverb}",
        f"{letter}, {rng.choice(bank.LETTERS)}, {rng.choice(bank.LETTERS)}, {verb} {what}",
        f"{digit}, {rng.choice(bank.DIGITS)}, {rng.choice(bank.DIGITS)}, {letter}",
        f"from {square} to {more}, {verb} {what}",
        f"{adverb}, {name}, {preposition} {more}",
    )
    return _sentence(rng.choice(orders))


def drill(rng):
    """A sentence dense in lip closures, lip-teeth contacts and rounding.

    rng: random.Random.   Returns a sentence.
    """
    slots = {}
    for key, words in bank.DRILL_SLOTS.items():
        slots[key], slots[key + "2"] = rng.sample(sorted(set(words)), 2)
    slots["modal"] = rng.choice(bank.MODALS)
    slots["modal2"] = rng.choice(("wanted", "hoped", "had", "tried"))
    text = rng.choice(bank.DRILL_TEMPLATES).format(**slots)
    return _sentence(text, rng.choice((".", ".", ".", "!", "?")))


def dialogue(rng):
    """A line of conversation, often emotional; one in five is a short answer.

    rng: random.Random.   Returns a sentence.
    """
    if rng.random() < 0.2:
        return _sentence(rng.choice(bank.SHORT_ANSWERS), rng.choice((".", "!", "?")))
    verb, past = rng.choice(bank.VERB_FORMS).split("/")
    feeling, feeling2 = rng.sample(bank.FEELINGS, 2)
    template = rng.choice(bank.DIALOGUE_TEMPLATES)
    slots = {
        "name": rng.choice(bank.NAMES),
        "person": rng.choice(bank.PEOPLE),
        "thing": rng.choice(bank.THINGS),
        "when": rng.choice(bank.WHEN),
    }
    return _sentence(template.format(verb=verb, past=past, feeling=feeling, feeling2=feeling2, **slots))
