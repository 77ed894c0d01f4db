"""Languages of the corpus: their sounds, words, voices and utterances."""

import itertools
import re

import numpy as np
import pytest

from training.corpus import __main__ as cli
from training.corpus import audio, engines, phones, plan, quality, text
from training.corpus.engines import espeak
from training.corpus.languages import LANGUAGE_CODES, LANGUAGES, mouths
from training.corpus.languages.espeak_sounds import data_folder, sounds_of, table_of
from training.corpus.languages.words import WordSource, frequent_words
from training.corpus.reader import read_utterances
from training.data.casting import cast_voices, voice_name

DIALECTS = [(code, voice) for code, row in LANGUAGES.items() for voice in row.voices]
SENTENCES = {  # one with a p, b or m at its start
    "ar": "مرحبا بالعالم", "cmn": "北京 朋友 没有", "de": "Bitte mehr Papier", "es": "Buenos amigos, por favor",
    "fr": "Bonjour, monsieur, bienvenue", "hi": "मेरा नाम बहुत पुराना", "it": "Buongiorno, prego, molto bene",
    "ja": "みなさん ぼく パン", "pt": "Muito bem, por favor", "ru": "Мама пьёт молоко быстро",
    "tr": "Merhaba, burada bir pembe",
}  # fmt: skip


def skip_without(loader):
    try:
        return loader()
    except engines.EngineMissing as missing:
        pytest.skip(str(missing))


def test_the_twelve_languages_are_there():
    assert set(LANGUAGE_CODES) == {"en", "ar", "cmn", "de", "es", "fr", "hi", "it", "ja", "pt", "ru", "tr"}


def test_every_mouth_is_of_the_phone_set():
    tables = [mouths.COMMON, *(row.mouths for row in LANGUAGES.values())]
    tables += [table for row in LANGUAGES.values() for table in row.by_voice.values()]
    for table in tables:
        assert {name for names in table.values() for name in names} <= phones.PHONES
        assert all(names for names in table.values())
    assert not mouths.JOINED & set(mouths.COMMON)


@pytest.mark.parametrize(("code", "voice"), DIALECTS)
def test_no_espeak_sound_of_the_language_lacks_a_phone(code, voice):
    sounds = skip_without(lambda: sounds_of(table_of(voice)))
    assert len(sounds) > 60
    lacking = [s.mnemonic for s in sounds if LANGUAGES[code].phones_of(s.mnemonic, voice) is None]
    assert not lacking


@pytest.mark.parametrize(("code", "voice"), DIALECTS)
def test_lips_meet_for_the_sounds_that_espeak_calls_bilabial_and_for_no_other(code, voice):
    sounds = skip_without(lambda: sounds_of(table_of(voice)))
    ours = {"B", "m-"}  # the Spanish approximant, a fricative to espeak; the m that is a syllable, a vowel to espeak
    for sound in sounds:
        names = set(LANGUAGES[code].phones_of(sound.mnemonic, voice))
        assert bool(names & {"P", "B", "M"}) == (sound.seals or sound.mnemonic in ours), sound
        assert bool(names & {"F", "V"}) == (sound.labiodental or sound.mnemonic == "pF"), sound


@pytest.mark.parametrize(
    ("code", "mnemonic", "names"),
    [
        ("fr", "y", ("UW",)), ("de", "Y:", ("OW",)), ("tr", "@", ("IH",)), ("ru", "y", ("IH",)), ("hi", "t.#", ("T",)),
        ("ja", "p\\", ("W",)), ("es", "n^", ("N",)), ("fr", "r", ("G",)), ("fr", "A~", ("AA",)), ("ar", "q", ("K",)),
        ("cmn", "uai", ("W", "AY", "AY")), ("hi", "c", ("CH",)), ("tr", "c", ("K",)), ("pt", "&", ("AH",)),
        ("tr", "&", ("AE",)), ("de", "(en)", None), ("de", "no such sound", None), ("ru", ";", ()),
    ],
)  # fmt: skip
def test_a_foreign_sound_takes_the_phone_of_its_mouth(code, mnemonic, names):
    assert LANGUAGES[code].phones_of(mnemonic) == names


def test_a_dialect_may_differ_from_its_language():
    portuguese = LANGUAGES["pt"]
    assert portuguese.phones_of("s#", "pt") == ("SH",)
    assert portuguese.phones_of("s#", "pt-br") == ("S",)


def test_a_name_said_twice_takes_two_shares():
    events = [(0, "k"), (100, "uai"), (400, "n")]
    found = espeak.phones_from_events(events, 500, 1000, LANGUAGES["cmn"].phones_of)
    assert found == [("K", 0.0, 0.1), ("W", 0.1, 0.2), ("AY", 0.2, 0.4), ("N", 0.4, 0.5)]


def test_words_of_another_script_are_left_out():
    assert LANGUAGES["ru"].is_word("мама") and not LANGUAGES["ru"].is_word("mama")
    assert LANGUAGES["ja"].is_word("カメラ") and not LANGUAGES["ja"].is_word("日本")
    assert LANGUAGES["tr"].is_word("ışık") and not LANGUAGES["tr"].is_word("x2")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.slow
def test_word_sequences_keep_their_split_and_their_script(code):
    skip_without(lambda: frequent_words(LANGUAGES[code]))
    source = WordSource(LANGUAGES[code], "a")
    said = [source.next(for_test=k % 2 == 1) for k in range(40)]
    assert [text.split_of(s) == "test" for s in said] == [k % 2 == 1 for k in range(40)]
    assert len(set(said)) == 40
    words = [re.sub(r"[,.?!]", "", word) for sentence in said for word in sentence.split()]
    assert all(LANGUAGES[code].is_word(word) for word in words)
    assert [WordSource(LANGUAGES[code], "a").next(False) for _ in range(1)] == said[:1]


def test_split_depends_on_letters_of_every_script():
    assert text.split_of("Мама, пьёт!") == text.split_of("мама пьёт")
    splits = {text.split_of(f"слово {chr(0x430 + a)}{chr(0x430 + b)}") for a in range(20) for b in range(20)}
    assert splits == {"train", "val", "test"}
    assert text.normalise("नाम") != text.normalise("निम")  # vowel signs are marks, not letters


@pytest.mark.parametrize("code", LANGUAGES)
def test_voices_differ_and_hold_the_same_speakers_out(code):
    voices = espeak.voices_of(code)
    assert len(set(voices)) == len(voices) == espeak.SPEAKERS_PER_LANGUAGE + len(espeak.HELD_OUT_SPEAKERS)
    assert {v.partition("+")[0] for v in voices} == set(LANGUAGES[code].voices)
    apart = plan.held_out("espeak", voices, code)
    assert {v.partition("+")[2] for v in apart} == set(plan.HELD_OUT_SPEAKERS) == set(espeak.HELD_OUT_SPEAKERS)


def test_every_speaker_is_known_to_espeak_and_has_a_language():
    variants = skip_without(data_folder) / "voices" / "!v"  # espeak takes an unknown one for its default voice
    assert all((variants / speaker).is_file() for speaker in espeak.SPEAKERS)
    assert {v.partition("+")[2] for code in LANGUAGES for v in espeak.voices_of(code)} == set(espeak.SPEAKERS)


def test_a_speaker_held_out_in_english_is_held_out_everywhere():
    english = {espeak.speaker_of(v) for v in plan.HELD_OUT["espeak"]}
    assert english == set(plan.HELD_OUT["espeak"])
    for code in LANGUAGES:
        voices = espeak.voices_of(code)
        apart = plan.held_out("espeak", voices, code)
        assert {espeak.speaker_of(v) for v in apart} == english
        assert not english & {espeak.speaker_of(v) for v in voices if v not in apart}


@pytest.mark.slow
def test_schedule_of_a_language_is_its_own_and_repeats():
    skip_without(lambda: frequent_words(LANGUAGES["it"]))

    def take(code):
        voices = espeak.voices_of(code)
        return list(itertools.islice(plan.schedule("espeak", voices, 0, language=code), 120))

    planned = take("it")
    assert planned == take("it")
    assert {u.language for u in planned} == {"it"}
    for utterance in planned:
        assert (utterance.voice.partition("+")[2] in plan.HELD_OUT_SPEAKERS) == (utterance.split == "test")


@pytest.mark.parametrize(("code", "voice"), DIALECTS)
def test_espeak_speaks_the_language_and_passes_the_checks(code, voice):
    engine = skip_without(lambda: engines.load_engine("espeak", language=code))
    speech = engine.speak(SENTENCES[code], f"{voice}+f3", 1.0, 1)
    samples, timing = audio.to_corpus_format(speech, np.random.default_rng(0))
    assert quality.problem(timing, len(samples), 16000, "train") is None
    names = [name for name, _, _ in timing if name != "SIL"]
    assert names[0] in ("P", "B", "M")


def test_a_word_that_another_voice_reads_drops_the_utterance():
    engine = skip_without(lambda: engines.load_engine("espeak", language="ru"))
    with pytest.raises(engines.SynthesisError, match=r"\(en\)"):
        engine.speak("Мама мыла microphone", "ru+f3", 1.0, 1)


def test_engine_of_english_only_is_one_clear_sentence(tmp_path, capsys):
    arguments = ["synthesize", "--engine", "flite", "--language", "de", "--hours", "1", "--out", str(tmp_path)]
    assert cli.main(arguments) == 2
    assert "take --engine espeak for de" in capsys.readouterr().err


def test_synthesize_writes_the_language(tmp_path):
    skip_without(lambda: engines.load_engine("espeak", language="tr"))
    skip_without(lambda: frequent_words(LANGUAGES["tr"]))
    arguments = ["synthesize", "--engine", "espeak", "--language", "tr", "--hours", "0.002", "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    assert read_utterances(tmp_path, language="tr") and not read_utterances(tmp_path, language="en")


def spoken_by(voice, language, engine="espeak"):
    return {"engine": engine, "voice": voice, "language": language, "split": "train"}


def test_other_languages_change_nothing_in_the_cast_of_the_english_voices():
    english = [spoken_by(v, "en") for v in espeak.VOICES] + [
        spoken_by(v, "en", "flite") for v in ("kal16", "rms", "slt")
    ]
    foreign = [spoken_by(v, code) for code in LANGUAGES for v in espeak.voices_of(code)]
    alone, together = cast_voices(english), cast_voices([*foreign, *english])
    assert alone.items() < together.items()
    assert {voice_name(u) for u in foreign} <= set(together)
    assert voice_name(spoken_by("de+m1", "de")) == voice_name(spoken_by("ja+m1", "ja")) == "espeak:en-us+m1"
    assert voice_name(spoken_by("de+pablo", "de")) == "espeak:+pablo"
