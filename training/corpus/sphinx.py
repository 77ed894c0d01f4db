"""How pocketsphinx (BSD; its acoustic model is in the wheel) is fed, for the corpus and for real recordings."""

import numpy as np

FRAME_S = 0.01
# The aligner needs some quiet before and after speech, and digital silence breaks it.
PADDING_S = 0.3
DITHER_RMS = 1e-4


def run(decoder, audio, seed):
    """One pass over an utterance, with padding and dither. audio: float32 [n_samples] at 16 kHz.   seed: of the dither.
    Times of the result are frames of FRAME_S, PADDING_S late."""
    pad = round(PADDING_S * 16000)
    noise = np.random.default_rng(seed).standard_normal(len(audio) + 2 * pad)
    samples = np.pad(audio, pad) + DITHER_RMS * noise
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
