"""espeak-ng 1.51: formant voices of several English dialects and other languages, 300 times faster than real time.

Code GPL-3, called as the system library; its output is free of conditions. Timings are the
library's phoneme events, in samples. Trap: for a stop whose closure is silent the event comes at
the release, so the start of the closure is searched in the audio (without it P, B and M are late by
33 ms in the median against forced alignment, with it 9 ms).
"""

import ctypes
import ctypes.util

import numpy as np

from training.corpus import phones as phone_tables
from training.corpus.engines.base import EngineMissing, Speech, SynthesisError
from training.corpus.languages import ENGLISH, LANGUAGES, Language

# Constants and structures of espeak-ng/speak_lib.h.
_AUDIO_SYNCHRONOUS = 2
_PHONEME_EVENTS = 0x0001
_CHARS_UTF8 = 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_PARAMETER_RATE, _PARAMETER_PITCH = 1, 3

WORDS_PER_MINUTE = 165
PITCH_RANGE = (38, 62)  # espeak's own scale 0..100, 50 is the voice's normal pitch
CLOSURE_BELOW = 10.0 ** (-55.0 / 20.0)
MAX_CLOSURE_S = 0.12
MAX_CLOSURE_AFTER_SILENCE_S = 0.06
MIN_PHONE_BEFORE_CLOSURE_S = 0.02

RHOTIC_PREFIXES = ("en-us",)
VOICES = (
    "en-us+m1", "en-us+f1", "en-us+m3", "en-us+f2", "en-us+max", "en-us+Alicia", "en-us+klatt4",
    "en-us+linda", "en-us+Michael", "en-us+john", "en-us-nyc+m4", "en-us-nyc+f5", "en-us+Andy",
    "en-gb+m2", "en-gb+f4", "en-gb+Alex", "en-gb+Annie", "en-gb+klatt2", "en-gb-x-rp+m5",
    "en-gb-x-rp+f3", "en-gb-x-rp+Andrea", "en-gb-x-rp+edward", "en-gb-scotland+m7",
    "en-gb-scotland+m6", "en-gb-scotland+steph", "en-gb-x-gbclan+m8", "en-gb-x-gbclan+belinda",
    "en-gb-x-gbcwmd+david", "en-029+caleb", "en-029+grandma",
)  # fmt: skip
# Speakers (espeak's "variants") of the other languages: the English ones and some more. Who is held out in English is
# held out in all.
SPEAKERS = (
    *sorted(voice.partition("+")[2] for voice in VOICES),
    "aunty", "benjamin", "boris", "gustave", "iven", "pablo", "quincy", "robert", "sandro", "travis",
)  # fmt: skip
HELD_OUT_SPEAKERS = ("f3", "m7", "Andy")
SPEAKERS_PER_LANGUAGE = 12


def voices_of(language: str) -> tuple[str, ...]:
    """Voices DIALECT+SPEAKER of a language: the held-out speakers, and others that differ from language to language."""
    if language == ENGLISH:
        return VOICES
    dialects = LANGUAGES[language].voices
    known = [speaker for speaker in SPEAKERS if speaker not in HELD_OUT_SPEAKERS]
    first = list(LANGUAGES).index(language) * 7  # coprime to the number of speakers, so that all have their turn
    chosen = [known[(first + k * 3) % len(known)] for k in range(SPEAKERS_PER_LANGUAGE)]
    return tuple(f"{dialects[k % len(dialects)]}+{s}" for k, s in enumerate((*HELD_OUT_SPEAKERS, *chosen)))


def speaker_of(voice: str) -> str:
    """Who speaks: the English voice with the same variant, so that a speaker of several languages is one; else the
    variant alone."""
    variant = voice.partition("+")[2]
    return next((english for english in VOICES if english.partition("+")[2] == variant), f"+{variant}")


class _Identifier(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def english_phones(mnemonic, rhotic):
    """Phones of an English espeak sound; () when it belongs to the sound before it, None when the table lacks it.

    rhotic: True for voices whose r-coloured vowels hold an r.
    """
    if mnemonic in phone_tables.ESPEAK_JOINED:
        return ()
    names = phone_tables.ESPEAK_RHOTIC.get(mnemonic) if rhotic else None
    return names or phone_tables.ESPEAK_TO_ARPABET.get(mnemonic)


def phones_from_events(events, n_samples, sample_rate, phones_of):
    """Timing list from (sample, mnemonic) events; before the first event there is silence.

    phones_of: mnemonic -> names that share its time equally, () for one that belongs to the sound before it, or None.
    Raises SynthesisError for a mnemonic that has none.
    """
    starts = []  # (names, sample)
    for sample, mnemonic in events:
        names = phones_of(mnemonic)
        if names is None:
            raise SynthesisError(f"no ARPAbet phone for {mnemonic!r}")
        if names:
            starts.append((names, sample))
    if not starts:
        raise SynthesisError("the text has no phones")
    phones = [(phone_tables.SILENCE, 0.0, starts[0][1] / sample_rate)] if starts[0][1] else []
    ends = [sample for _, sample in starts[1:]] + [n_samples]
    for (names, start), end in zip(starts, ends, strict=True):
        if end == start:
            continue
        edges = np.linspace(start, end, len(names) + 1) / sample_rate
        shares = list(zip(names, edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        for index, share in enumerate(shares):
            if index and share[0] == phones[-1][0]:  # a name said twice is one phone of two shares
                phones[-1] = (*phones[-1][:2], share[2])
            else:
                phones.append(share)
    return phone_tables.merge_repeated_silence(phones)


def extend_closures(phones, audio, sample_rate):
    """Moves the start of each stop back to where its silent closure begins.

    phones: timing list.   audio: float32 [n_samples], -1..1.   Returns a new timing list.
    """
    quiet = np.abs(audio) < CLOSURE_BELOW
    fixed = list(phones)
    for index in range(1, len(fixed)):
        name, start_s, end_s = fixed[index]
        if name not in phone_tables.STOPS:
            continue
        before, before_start_s, _ = fixed[index - 1]
        longest_s = MAX_CLOSURE_S
        if before == phone_tables.SILENCE:
            longest_s = MAX_CLOSURE_AFTER_SILENCE_S
        earliest_s = max(start_s - longest_s, before_start_s + MIN_PHONE_BEFORE_CLOSURE_S)
        start = begin = round(start_s * sample_rate)
        while begin > earliest_s * sample_rate and quiet[begin - 1]:
            begin -= 1
        if begin < start:
            fixed[index] = (name, begin / sample_rate, end_s)
            fixed[index - 1] = (before, before_start_s, begin / sample_rate)
    return fixed


class EspeakEngine:
    """libespeak-ng through ctypes; one instance per process, as the library has global state."""

    def __init__(self, language: str = ENGLISH):
        """language: "en" or a key of LANGUAGES."""
        self.name = "espeak"
        self.language = language
        self.voices = voices_of(language)
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise EngineMissing("espeak: libespeak-ng is missing; apt-get install libespeak-ng-dev")
        self._library = ctypes.CDLL(path)
        self._sample_rate = self._library.espeak_Initialize(_AUDIO_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        if self._sample_rate <= 0:
            raise EngineMissing("espeak: its voice data is missing; apt-get install espeak-ng")
        self._chunks: list[np.ndarray] = []
        self._events: list[tuple] = []
        self._callback = _Callback(self._receive)  # kept: the library holds only the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples, n_samples, events):
        if n_samples > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (n_samples,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                mnemonic = events[index].id.string.decode("utf-8", "replace")
                self._events.append((events[index].sample, mnemonic))
            index += 1
        return 0

    def _sounds(self, voice):
        """What phones_from_events asks for, in this language and voice."""
        if self.language == ENGLISH:
            rhotic = voice.startswith(RHOTIC_PREFIXES)
            return lambda mnemonic: english_phones(mnemonic, rhotic)
        language: Language = LANGUAGES[self.language]
        dialect = voice.partition("+")[0]
        return lambda mnemonic: language.phones_of(mnemonic, dialect)

    def speak(self, text, voice, speed, seed):
        """See Engine.speak; seed draws the pitch."""
        name = voice.replace("en-gb+", "en+")  # the file of the British voice is "en"
        if self._library.espeak_SetVoiceByName(name.encode("ascii")) != 0:
            raise EngineMissing(f"espeak: no voice {voice!r}; apt-get install espeak-ng")
        pitch = int(np.random.default_rng(seed).integers(*PITCH_RANGE))
        self._library.espeak_SetParameter(_PARAMETER_RATE, round(WORDS_PER_MINUTE * speed), 0)
        self._library.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
        self._chunks.clear()
        self._events.clear()
        data = text.encode("utf-8")
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._chunks:
            raise SynthesisError("espeak gave no audio")
        audio = np.concatenate(self._chunks).astype(np.float32) / 32768.0
        phones = phones_from_events(self._events, len(audio), self._sample_rate, self._sounds(voice))
        return Speech(audio, self._sample_rate, extend_closures(phones, audio, self._sample_rate))
