"""Corpus -> prepared clips: `python -m training.data.prepare --corpus DIR --out DIR`."""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.generate import animate_phones
from training.articulation.style import TalkingStyle, held_out_styles, library_styles
from training.corpus.reader import read_audio, read_utterances
from training.data.augment import heard_as, record
from training.data.casting import cast_voices, voice_name
from training.data.clips import PHONE_NAMES, ClipSetInfo
from training.data.framing import SAMPLE_RATE_HZ, frame_count, framed
from training.data.motion_space import MotionSpace
from training.data.pooled import write_clips
from training.data.prosody import act
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.encoders.resample import encode_clip
from training.encoders.worker import worker_encoder

SOURCE = "synthetic speech, motion made by rule"
MOTION = MotionSpace("blendshapes", len(ARKIT_CHANNELS), ARKIT_CHANNELS)
# Chances of a clip. A voice lends itself to other identities and moods now and then, so that the condition, not the
# voice, decides how the face moves.
OWN_IDENTITY, NEUTRAL_VOICE, SAME_EMOTION = 0.5, 0.35, 0.75


@dataclass(frozen=True)
class Job:
    """One utterance to turn into clips."""

    utterance: dict
    corpus: Path
    n_variants: int
    seed: int
    own_identity: int  # of its voice; -1 for a voice unseen in training
    styles: dict[str, TalkingStyle]  # identities to move as


def animate(utterance: dict, audio: np.ndarray, rate: float, style: TalkingStyle, emotion: str, seed: int) -> dict:
    """One clip with the signal its mel is of; phone times are divided by rate."""
    fps = MOTION.fps
    phones = [(p, s / rate, e / rate) for p, s, e in utterance["phones"]]
    speech_frames = frame_count(audio, MOTION)
    clip = framed(audio, speech_frames, MOTION)
    lead, n = clip.lead, clip.n_frames
    times = np.arange(n - lead) / fps
    end = phones[-1][2]
    tail = [("SIL", end, max(end, times[-1]) + 0.2)]
    moving = animate_phones([*phones, *tail], audio, SAMPLE_RATE_HZ, times, style, seed, emotion)
    motion = np.concatenate([np.zeros((lead, moving.shape[1]), np.float32), moving])
    label = np.full(n, PHONE_NAMES.index("SIL"))
    for name, start, stop in phones:
        inside = slice(lead + int(np.ceil(start * fps)), lead + int(np.ceil(stop * fps)))
        label[inside] = PHONE_NAMES.index(name)
    return {
        "mel": clip.mel, "motion": motion, "phone": label, "signal": clip.samples,
        "speech_frame": lead, "speech_frames": speech_frames,
    }  # fmt: skip


def build_clip(job: Job, audio: np.ndarray, rng: np.random.Generator, clean: bool) -> dict:
    """One clip; recording condition, mood and identity are drawn from rng."""
    styles = list(job.styles.values())
    utterance, own = job.utterance, job.own_identity
    identity = own if own >= 0 and rng.random() < OWN_IDENTITY else int(rng.integers(len(styles)))
    neutral = clean and own >= 0 or rng.random() < NEUTRAL_VOICE
    voice_emotion = 0 if neutral else int(rng.integers(1, len(EMOTION_NAMES)))
    emotion = voice_emotion if rng.random() < SAME_EMOTION else int(rng.integers(len(EMOTION_NAMES)))
    audio, tempo = act(audio, EMOTION_NAMES[voice_emotion], rng)
    audio, speed = record(audio, rng, clean)
    speaker = heard_as(voice_name(utterance), speed)
    if speaker != voice_name(utterance):
        own = -1
    clip = animate(utterance, audio, tempo * speed, styles[identity], EMOTION_NAMES[emotion], int(rng.integers(2**31)))
    signal = clip.pop("signal")
    if worker_encoder() is not None:
        clip["features"] = encode_clip(worker_encoder(), signal, len(clip["motion"]), MOTION)
    return clip | {
        "utterance": utterance["id"], "split": utterance["split"], "speaker": speaker, "identity": identity,
        "emotion": emotion, "voice_identity": own, "voice_emotion": voice_emotion,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    audio = read_audio(job.corpus, job.utterance)
    rng = np.random.default_rng([job.seed, zlib.crc32(job.utterance["id"].encode())])
    train = job.utterance["split"] == "train"
    return [build_clip(job, audio, rng, clean=not train or k == 0) for k in range(job.n_variants if train else 1)]


def jobs_of(corpus: Path, engines: list[str], n_variants: int, seed: int, held_out: bool = False) -> list[Job]:
    """held_out: moved as the held-out identities, of whom no voice is the own one."""
    utterances = read_utterances(corpus)
    cast = {} if held_out else cast_voices(utterances)
    styles = held_out_styles() if held_out else library_styles()
    return [
        Job(u, corpus, n_variants, seed, cast.get(voice_name(u), -1), styles)
        for u in utterances
        if not engines or u["engine"] in engines
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder to write clips.json, mel.bin, .. to")
    parser.add_argument(
        "--engine", action="append", default=[], help="only utterances of this synthesiser (repeatable)"
    )
    parser.add_argument("--variants", type=int, default=2, help="clips per training utterance")
    parser.add_argument("--every", type=int, default=1, help="take only every so many-th utterance")
    parser.add_argument(
        "--held-out-identities", action="store_true", help="motion of identities that no model is trained on"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    add_encoder_arguments(parser, required=False)  # also cache features of a large encoder
    args = parser.parse_args()
    jobs = jobs_of(args.corpus, args.engine, args.variants, args.seed, args.held_out_identities)[:: args.every]
    if not jobs:
        parser.error(f"no utterances in {args.corpus}: run python -m training.corpus synthesize first")
    choice = chosen_encoder(args) if args.encoder else None
    info = ClipSetInfo(MOTION, tuple(jobs[0].styles), EMOTION_NAMES, SOURCE)
    print(write_clips(args.out, info, jobs, clips_of, args.jobs, choice))


if __name__ == "__main__":
    main()
