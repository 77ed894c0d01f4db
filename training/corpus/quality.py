"""Checks that an utterance must pass to enter the corpus."""

from itertools import pairwise

from training.corpus.phones import PHONES, SILENCE

MAX_PHONE_S = 0.6
PHONES_PER_S = (4.0, 25.0)
TEST_DURATION_S = (2.0, 8.0)


def problem(phones, n_samples, sample_rate, split):
    """Why an utterance is unusable, as a short phrase, or None when it is good.

    phones: list of (name, start_sample, end_sample).   n_samples: length of the audio.
    """
    if any(name not in PHONES for name, _, _ in phones):
        return "unknown phone"
    if any(end <= start for _, start, end in phones):
        return "phones not increasing"
    if any(left[2] != right[1] for left, right in pairwise(phones)):
        return "phones not contiguous"
    if phones[0][1] != 0 or phones[-1][2] != n_samples:
        return "total does not match the audio"
    spoken = [(end - start) / sample_rate for name, start, end in phones if name != SILENCE]
    if not spoken:
        return "no speech"
    if max(spoken) > MAX_PHONE_S:
        return "phone too long"
    rate = len(spoken) / sum(spoken)
    if not PHONES_PER_S[0] <= rate <= PHONES_PER_S[1]:
        return "speech rate"
    duration_s = n_samples / sample_rate
    if split == "test" and not TEST_DURATION_S[0] <= duration_s <= TEST_DURATION_S[1]:
        return "test utterance not 2-8 s"
    return None
