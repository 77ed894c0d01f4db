"""Phone timings from the duration tensors of Kokoro and Hibari.

Both models speak one token per character of the misaki alphabet, between two pad tokens, and count
each token's length in frames of 600 samples at 24 kHz (25 ms). Three things turn that into phones:

- stress marks and spaces are tokens with a length of their own; it belongs to the phone after them;
- the audio is ahead of its tokens: every boundary is 50 ms before the sum of the durations says
  (measured against forced alignment: median +50..55 ms in both models, all voices);
- a phone before a pause swallows most of the pause, so the start of the silence is taken from the
  energy of the audio; so are pauses the text does not mark, when they are longer than any closure.
"""

import numpy as np

from training.corpus import phones as phone_tables
from training.corpus.engines.base import SynthesisError

SAMPLE_RATE = 24000
FRAME_SAMPLES = 600
MODEL_DELAY_S = 0.050
ENERGY_HOP_SAMPLES = 120
# A frame counts as silent this far below the loud parts (95th percentile) of the utterance; weak
# fricatives of these models lie 20-30 dB below, their pauses 45 dB or more.
SILENCE_BELOW_LOUD_DB = 42.0
# After the last phone these voices breathe out, 35-45 dB below the loud parts; that is silence too.
# bm_fable sighs for 0.7 s at 22-30 dB, so the later limits are tried while the last phone is long.
END_BELOW_LOUD_DB = (34.0, 26.0, 20.0)
MAX_LAST_PHONE_S = 0.45
END_SMOOTHING_HOPS = 5
MIN_PAUSE_S = 0.04
# Longer than the closure of a stop, which is silent too.
MIN_UNMARKED_PAUSE_S = 0.15
MIN_PHONE_BEFORE_PAUSE_S = 0.05


def _hop_power(audio):
    n_hops = len(audio) // ENERGY_HOP_SAMPLES
    frames = audio[: n_hops * ENERGY_HOP_SAMPLES].reshape(n_hops, ENERGY_HOP_SAMPLES)
    return np.mean(np.square(frames), axis=1)


def _silent_hops(audio):
    """Silence between phones, bool [n_hops], and a list of the same after the last phone, one for
    each limit of END_BELOW_LOUD_DB."""
    power = _hop_power(audio)
    level_db = 10.0 * np.log10(power + 1e-12)
    kernel = np.full(END_SMOOTHING_HOPS, 1.0 / END_SMOOTHING_HOPS)
    smooth_db = 10.0 * np.log10(np.convolve(power, kernel, mode="same") + 1e-12)
    loud_db = np.percentile(level_db, 95)
    after_end = [smooth_db < loud_db - below_db for below_db in END_BELOW_LOUD_DB]
    return level_db < loud_db - SILENCE_BELOW_LOUD_DB, after_end


def _silence_run(is_silent, start_s, end_s, min_pause_s=MIN_PAUSE_S):
    """Start and end in seconds of the last silent run between two times, or None."""
    hop_s = ENERGY_HOP_SAMPLES / SAMPLE_RATE
    first, last = round(start_s / hop_s), min(round(end_s / hop_s), len(is_silent))
    stop = last
    while stop > first and not is_silent[stop - 1]:
        stop -= 1
    begin = stop
    while begin > first and is_silent[begin - 1]:
        begin -= 1
    if (stop - begin) * hop_s < min_pause_s:
        return None
    return begin * hop_s, (end_s if stop == last else stop * hop_s)


def group_tokens(tokens):
    """Splits misaki tokens into items: phones and pauses, each owning its tokens' durations.

    tokens: sequence of one-character strings between the two pads.
    Returns a list of (name, n_tokens); name is an ARPAbet phone, or SIL for punctuation. Stress
    marks and spaces are counted in the item after them; trailing ones form a last SIL item.
    Raises SynthesisError for a character outside the table.
    """
    items: list[tuple[str, int]] = []
    carried = 0
    for position, token in enumerate(tokens):
        carried += 1
        if token == " " or token in phone_tables.MISAKI_STRESS:
            continue
        if token in phone_tables.MISAKI_PAUSES:
            name = phone_tables.SILENCE
        elif token in phone_tables.MISAKI_LENGTHENING and items:
            name = None
        elif token == "ɹ" and position and tokens[position - 1] in "ɜə" and items:
            name = "ER"  # r-coloured vowel: two tokens, one phone
        else:
            name = phone_tables.MISAKI_TO_ARPABET.get(token)
            if name is None:
                raise SynthesisError(f"no ARPAbet phone for the token {token!r}")
            items.append((name, carried))
            carried = 0
            continue
        if name == phone_tables.SILENCE:
            items.append((name, carried))
        else:
            last_name, last_count = items[-1]
            items[-1] = (name or last_name, last_count + carried)
        carried = 0
    if carried:
        items.append((phone_tables.SILENCE, carried))
    return items


def _spans(tokens, edges_s):
    """(name, start in seconds as the model gives it, whether a pause mark stands before it) of every phone.
    Pauses themselves are found in the audio."""
    spans, token_index, pause_before = [], 1, True
    for name, n_tokens in group_tokens(tokens):
        if name == phone_tables.SILENCE:
            pause_before = True
        else:
            spans.append((name, edges_s[token_index], pause_before))
            pause_before = False
        token_index += n_tokens
    return spans


def _with_pauses(spans, is_silent, total_s):
    """(name, start_s, end_s) of all phones and of the pauses between and before them."""
    phones: list[tuple[str, float, float]] = []
    for index, (name, start_s, pause_before) in enumerate(spans):
        is_first = index == 0
        search_from_s = 0.0 if is_first else phones[-1][1] + MIN_PHONE_BEFORE_PAUSE_S
        run = _silence_run(is_silent, search_from_s, start_s, MIN_PAUSE_S if pause_before else MIN_UNMARKED_PAUSE_S)
        if run is not None:
            silence_start_s, start_s = run
            if is_first:
                silence_start_s = 0.0
            else:
                phones[-1] = (*phones[-1][:2], silence_start_s)
            phones.append((phone_tables.SILENCE, silence_start_s, start_s))
        if is_first and not phones:
            phones.append((phone_tables.SILENCE, 0.0, start_s))
        next_s = spans[index + 1][1] if index + 1 < len(spans) else total_s
        if phones[-1][0] != phone_tables.SILENCE:
            phones[-1] = (*phones[-1][:2], start_s)
        phones.append((name, start_s, next_s))
    return phones


def _with_end(phones, silent_after_end, total_s):
    """The same with the last phone cut where the sound ends, and silence after it."""
    name, start_s, end_s = phones[-1]
    for is_silent in silent_after_end:
        run = _silence_run(is_silent, start_s + MIN_PHONE_BEFORE_PAUSE_S, total_s)
        if run is not None:
            end_s = run[0]
        if end_s - start_s <= MAX_LAST_PHONE_S:
            break
    silence = [(phone_tables.SILENCE, end_s, total_s)] if end_s < total_s else []
    return [*phones[:-1], (name, start_s, end_s), *silence]


def phones_from_durations(tokens, durations, audio):
    """Phone timings of one utterance.

    tokens: one-character strings without the pads.   durations: int [len(tokens) + 2] in frames.
    audio: float32 [sum(durations) * FRAME_SAMPLES] at SAMPLE_RATE.
    Returns a list of (name, start_s, end_s) over the whole audio.
    Raises SynthesisError when the durations do not add up to the audio.
    """
    durations = np.asarray(durations).ravel()
    if len(durations) != len(tokens) + 2 or int(durations.sum()) * FRAME_SAMPLES != len(audio):
        raise SynthesisError(
            f"durations have {len(durations)} entries of {int(durations.sum())} frames, "
            f"expected {len(tokens) + 2} entries of {len(audio) / FRAME_SAMPLES} frames"
        )
    frame_s = FRAME_SAMPLES / SAMPLE_RATE
    edges_s = (np.concatenate([[0], np.cumsum(durations)]) * frame_s - MODEL_DELAY_S).tolist()
    spans = _spans(tokens, edges_s)
    if not spans:
        raise SynthesisError("the text has no phones")
    total_s = len(audio) / SAMPLE_RATE
    is_silent, silent_after_end = _silent_hops(audio)
    return _with_end(_with_pauses(spans, is_silent, total_s), silent_after_end, total_s)
