"""Corpora of a few made utterances, in the layout of training/corpus/README.md."""

import json

import numpy as np
import soundfile as sf


def add_utterance(corpus, name, audio, phones, split, engine="made-up", voice="v"):
    """Adds an utterance to the folder `corpus`. audio: [n] at 16 kHz.   phones: [[name, start_s, end_s], ..]."""
    for folder in ("utterances", "audio"):
        (corpus / folder).mkdir(parents=True, exist_ok=True)
    about = {"id": name, "split": split, "engine": engine, "voice": voice, "phones": phones, "text": ""}
    (corpus / "utterances" / f"{name}.json").write_text(json.dumps(about))
    sf.write(corpus / "audio" / f"{name}.flac", np.asarray(audio), 16000)
    return about
