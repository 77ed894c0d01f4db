"""Words and sentence patterns of the template grammar in drills.py. Texts are our own."""


def _words(bank):
    return bank.split()


def _phrases(bank):
    return [" ".join(entry.split()) for entry in bank.split("|")]


LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = _words("zero one two three four five six seven eight nine ten")
COLOURS = _words("""
    red blue green white black brown yellow purple pink orange grey silver gold violet maroon
    amber beige
""")
VERBS = _words("""
    place put set lay move drop bin push pull bring take leave show find mark slide turn hide
    swap store
""")
PREPOSITIONS = _words("at by in with to from on near under over behind before above below past")
ADVERBS = _words("now please again soon first there today slowly quickly once more quietly")
OBJECTS = _words("""
    block box cup ball book pen map bag key coin card lamp plate bowl button wheel puzzle bottle
    ribbon flag
""")
NAMES = _words("""
    Bob Pam Mary Tom Ben Eve Phoebe Vivian Paul Emma Mabel Mike Jim Becky Fay Victor Peter Amy
    Sam Wendy June Ruth Hugh Cooper Maybelle Oscar Olive George Charlotte Josh
""")

BILABIAL_NOUNS = _words("""
    pump map bib baby bubble puppy pepper mop mummy bump apple piper bombshell lamp camp stamp
    pebble ribbon rabbit pamphlet basement member hammer cupboard paper tub balloon bomb palm
    prime jam plum pipe boom brim bumper mob
""")
BILABIAL_VERBS = _words("bump pump mop map bump stop rub grab drop tap wrap bomb climb jump trim")
BILABIAL_ADJ = _words("big brown plump deep simple maple purple bumpy pimpled pale blank prompt")
LABIODENTAL_NOUNS = _words("""
    fans vans leaves waves knives calves fifths coffee fever river village velvet favour fish
    verse valley olives forks vines gloves coughs laughs phones wolves stuff cliffs graphs
    movies voices flavours
""")
LABIODENTAL_VERBS = _words("""
    leave give move save love fill find phone favour view prove fetch fix feel visit carve shave
    weave
""")
LABIODENTAL_ADJ = _words("""
    very vivid few five fine fresh vague rough tough deaf brave active fluffy festive furry
    vivacious half forgiving
""")
ROUND_NOUNS = _words("""
    shoes moons roofs goose room food tunes wolves wood boots choir toys noise juice coats boats
    snow road water swan woods flowers showers crowds windows spoons wool moose school
""")
ROUND_VERBS = _words("choose show move lose chew throw blow hold do know brew follow show own")
ROUND_ADJ = _words("two blue new slow low cool wooden loose yellow old gold true rude smooth good")
SPREAD_NOUNS = _words("bees trees teeth cheese sheep streets fields keys seats beasts dreams")
OPEN_NOUNS = _words("car arm father garden palm heart farm rock clock hat cat map jar star yard")
COUNT = _words("two three four five six seven nine ten twelve")
MODALS = _words("may might must will would could should can did")

# Slots of DRILL_TEMPLATES; each also has a second, different word, such as {bn2}.
DRILL_SLOTS = {
    "name": NAMES, "count": COUNT, "bn": BILABIAL_NOUNS, "bv": BILABIAL_VERBS, "ba": BILABIAL_ADJ,
    "ln": LABIODENTAL_NOUNS, "lv": LABIODENTAL_VERBS, "la": LABIODENTAL_ADJ, "rn": ROUND_NOUNS,
    "rv": ROUND_VERBS, "ra": ROUND_ADJ, "sn": SPREAD_NOUNS, "on": OPEN_NOUNS,
}  # fmt: skip

DRILL_TEMPLATES = (
    "{name} {modal} {bv} my {ba} {bn}",
    "{name} and {name2} {modal} {bv} the {bn} by the {bn2}",
    "my {ba} {bn} may bump {name}'s {bn2}",
    "a {ba} {bn} and a {ba2} {bn2}",
    "please put the {ba} {bn} on top of my {bn2}",
    "Mom, Bob, the {bn} and the {bn2} may stop",
    "{count} {la} {ln}",
    "{count} {la} {la2} {ln} in {count2} {ln2}",
    "{name} will {lv} five {la} {ln}",
    "if {name} {modal} {lv} half of the {ln}, {lv2} the {ln2}",
    "I have never {modal2} to {lv} {la} {ln} of {name}",
    "{lv} the {ln} over the {la} {ln2}",
    "who would {rv} two {ra} {rn}",
    "you {modal} {rv} {ra} {rn} or {ra2} {rn2}",
    "{name} would {rv} the {rn} too soon",
    "oh, so you know who would {rv} the {ra} {rn}",
    "whose {rn} do you two {rv} now",
    "we will {rv} the {rn} while you wait",
    "the {ra} {rn} and the {on} near the {sn}",
    "she sees {count} {sn}, he sees {ra} {rn}",
    "these {sn} need {ra} {rn}",
    "{name} keeps {count} {sn} by the {bn}",
    "the {on} was far from the {on2} and the {bn}",
    "ah, the {on} and the {ra} {on2}",
    "{name} {modal} {bv} {count} {la} {ln} for {ra} {rn}",
    "{bv} up, {name}, {bv2} up the {bn}",
    "pop the {bn}, {name}, and {lv} the {ln}",
    "mama, papa, {name} and the {ba} {bn}",
    "why would {name} {rv} my {ba} {bn}",
    "from {bn} to {bn2}, from {ln} to {rn}",
    "{bn}, {ln}, {rn}, {sn}, {on}",
)

SHORT_ANSWERS = (
    "No", "Yes", "Maybe", "Never", "Of course", "Absolutely", "Why not", "Not now", "Oh my", "Wow",
    "Hmm, maybe", "I suppose so", "Stop", "Help", "Move", "Goodbye", "Hello", "Hi there", "Welcome",
    "Please", "Thank you", "Thanks so much", "Sorry", "My bad", "Fine", "Good", "Perfect", "Bravo",
    "Amazing", "Impossible", "Probably", "Perhaps", "Possibly", "Not me", "Me too", "Who", "What",
    "Where", "When", "How", "Why", "Which one", "Really", "Are you sure", "Well", "Well, no",
    "Oh no", "Oh yes", "Ah", "Ooh", "Whoa", "Boo", "Bye", "Bye bye", "Go", "Go away", "Come here",
    "Wait", "Wait for me", "Watch out", "Look", "Look up", "Be quiet", "Be careful", "Be my guest",
    "Believe me", "Forgive me", "Leave me alone", "Give up", "Give it back", "Have fun", "Sit down",
    "Stand up", "Hurry up", "Slow down", "Too late", "Too bad", "So what", "You bet", "You wish",
    "I know", "I do", "I do not", "I will", "I won't", "We will see", "That's enough", "Enough",
    "All right", "Okay", "Right away", "At once", "Tomorrow", "Tonight", "Four", "Five of them",
)  # fmt: skip

DIALOGUE_TEMPLATES = (
    "what do you mean, you {past} my {thing}?",
    "I can't believe you {past} the {thing}!",
    "I told you, {name}, I never {past} it.",
    "why did {name} {verb} the {thing}?",
    "who {past} the {thing} {when}?",
    "where were you {when}, {name}?",
    "how could you do this to {person}?",
    "would you mind if I {past} your {thing}?",
    "could you please {verb} the {thing} for {person}?",
    "I am so {feeling} that you came {when}!",
    "are you {feeling}, {name}?",
    "{name}, you look {feeling} today.",
    "I feel {feeling}, and I don't know why.",
    "don't be {feeling}, it's only a {thing}.",
    "oh, {name}, that is wonderful news!",
    "that was the best {thing} of my life!",
    "get away from my {thing}, right now!",
    "please don't {verb} the {thing}.",
    "if you {verb} my {thing} again, I will leave.",
    "let's {verb} the {thing} {when}, shall we?",
    "do you remember the {thing} we saw {when}?",
    "no, no, no, not the {thing} again!",
    "well, I suppose we could {verb} it {when}.",
    "maybe {person} should {verb} the {thing}.",
    "I miss {person} every single day.",
    "I love you more than {person} ever will.",
    "it hurts when you talk about {person} like that.",
    "you always {verb} my {thing}, and it makes me {feeling}!",
    "shh, {name} is asleep.",
    "sorry, I didn't hear you, say it again?",
    "good morning, {name}, how was the {thing}?",
    "see you {when}, {name}!",
    "is it true that {person} {past} the {thing}?",
    "what a {feeling} little {thing}!",
    "you are {feeling}? I am {feeling2}!",
    "wait, who gave you that {thing}?",
    "nobody will {verb} it, I promise.",
    "I hate it when people {verb} the {thing}.",
    "this is my {thing}, not yours!",
    "thank you for the {thing}, it made me {feeling}.",
    "either you {verb} it, or {person} will.",
    "hm, that {thing} looks a bit strange, doesn't it?",
    "come on, {name}, we are late for the {thing}!",
    "I was {feeling} {when}, but now I am {feeling2}.",
    "tell {person} that I {past} the {thing}.",
    "what if {person} finds the {thing}?",
    "we have to talk about the {thing}, {name}.",
    "I swear, I only {past} it once.",
    "guess what {person} {past} {when}!",
    "may I have some more of that {thing}, please?",
)
PEOPLE = _phrases("""
    my mother|my father|her|him|them|us|everybody|the boss|my best friend|your brother|
    my poor wife|the whole family|somebody
""")
THINGS = _phrases("""
    phone|boat|promise|dinner|movie|story|letter|wedding|puppy|bottle|picture|
    problem|birthday cake|window|plan|map|song|journey|money|coffee|umbrella|bike|
    apartment|question|present|video|job|secret|book|choice|voice|shoe|film|game
""")
VERB_FORMS = _phrases("""
    move/moved|lose/lost|break/broke|find/found|open/opened|love/loved|hide/hid|
    forget/forgot|leave/left|buy/bought|sell/sold|remember/remembered|believe/believed|
    choose/chose|save/saved|borrow/borrowed|throw away/threw away|give up/gave up|
    prove/proved|watch/watched|follow/followed|phone about/phoned about|mention/mentioned|
    fix/fixed|bring/brought|wash/washed|use/used|show/showed
""")
FEELINGS = _phrases("""
    happy|angry|worried|proud|furious|lonely|surprised|bored|scared|jealous|hopeful|
    tired|excited|ashamed|relieved|disappointed|grateful|nervous|miserable|brave
""")
WHEN = _phrases("""
    last night|yesterday|this morning|before lunch|on Friday|tomorrow|after the party|
    in the afternoon|last summer|on my birthday|a week ago|at five o'clock
""")
