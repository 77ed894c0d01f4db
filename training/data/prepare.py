"""Corpus -> prepared clips: `python -m training.data.prepare --corpus DIR --out DIR`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from tqdm import tqdm

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from diffusiontalker.spec.mel import MelSpec, log_mel
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.generate import animate_phones
from training.articulation.style import TalkingStyle, library_styles
from training.data.augment import augment, set_level
from training.data.casting import cast_voices, voice_name
from training.data.clips import PHONE_NAMES, ClipSetInfo, ClipWriter
from training.data.motion_space import MotionSpace
from training.data.prosody import act
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.encoders.cache import FeatureInfo, FeatureWriter
from training.encoders.resample import encode_clip
from training.encoders.worker import load_in_worker, worker_encoder

SAMPLE_RATE_HZ = 16000
SOURCE = "synthetic speech, motion made by rule"
MOTION = MotionSpace("blendshapes", len(ARKIT_CHANNELS), ARKIT_CHANNELS)
# Silence before and after each clip: longer than any window's past, so that streams that start or end are seen.
LEAD_FRAMES, TAIL_FRAMES = 24, 24
MIN_FRAMES = 66
# Chances of a clip. A voice lends itself to other identities and moods now and then, so that the condition, not the
# voice, decides how the face moves.
OWN_IDENTITY, NEUTRAL_VOICE, SAME_EMOTION = 0.5, 0.35, 0.75
# Faster or slower than this, a voice sounds like another speaker, and counts as one.
SAME_SPEAKER_SPEED = 0.04


@dataclass(frozen=True)
class Job:
    """One utterance to turn into clips."""

    path: Path
    corpus: Path
    n_variants: int
    seed: int
    own_identity: int  # of its voice; -1 for a voice unseen in training


def animate(utterance: dict, audio: np.ndarray, rate: float, style: TalkingStyle, emotion: str, seed: int) -> dict:
    """Mel, motion, phone labels and the padded signal of one clip; phone times are divided by rate."""
    per_mel, per_frames = MOTION.group
    fps = MOTION.fps
    phones = [(p, s / rate, e / rate) for p, s, e in utterance["phones"]]
    speech_frames = int(np.ceil(len(audio) * fps / SAMPLE_RATE_HZ))
    n = max(LEAD_FRAMES + speech_frames + TAIL_FRAMES, MIN_FRAMES)
    n += -n % per_frames
    times = np.arange(n - LEAD_FRAMES) / fps
    end = phones[-1][2]
    tail = [("SIL", end, max(end, times[-1]) + 0.2)]
    moving = animate_phones([*phones, *tail], audio, SAMPLE_RATE_HZ, times, style, seed, emotion)
    motion = np.concatenate([np.zeros((LEAD_FRAMES, moving.shape[1]), np.float32), moving])
    samples = np.zeros(int(n * SAMPLE_RATE_HZ / fps) + 400, np.float32)
    first = int(LEAD_FRAMES * SAMPLE_RATE_HZ / fps)
    samples[first : first + len(audio)] = audio[: len(samples) - first]
    mel = log_mel(samples, MelSpec())[: n // per_frames * per_mel]
    label = np.full(n, PHONE_NAMES.index("SIL"))
    for name, start, stop in phones:
        inside = slice(LEAD_FRAMES + int(np.ceil(start * fps)), LEAD_FRAMES + int(np.ceil(stop * fps)))
        label[inside] = PHONE_NAMES.index(name)
    return {
        "mel": mel, "motion": motion, "phone": label, "signal": samples,
        "speech_frame": LEAD_FRAMES, "speech_frames": speech_frames,
    }  # fmt: skip


def build_clip(job: Job, utterance: dict, audio: np.ndarray, rng: np.random.Generator, clean: bool) -> dict:
    """One clip; recording condition, mood and identity are drawn from rng."""
    styles = list(library_styles().values())
    own = job.own_identity
    identity = own if own >= 0 and rng.random() < OWN_IDENTITY else int(rng.integers(len(styles)))
    neutral = clean and own >= 0 or rng.random() < NEUTRAL_VOICE
    voice_emotion = 0 if neutral else int(rng.integers(1, len(EMOTION_NAMES)))
    emotion = voice_emotion if rng.random() < SAME_EMOTION else int(rng.integers(len(EMOTION_NAMES)))
    audio, tempo = act(audio, EMOTION_NAMES[voice_emotion], rng)
    if clean:
        audio, speed = set_level(audio, rng.uniform(-28, -18)), 1.0
    else:
        audio, speed = augment(audio, rng)
    speaker = voice_name(utterance)
    if abs(speed - 1) > SAME_SPEAKER_SPEED:
        speaker, own = f"{speaker}~{'fast' if speed > 1 else 'slow'}", -1
    clip = animate(utterance, audio, tempo * speed, styles[identity], EMOTION_NAMES[emotion], int(rng.integers(2**31)))
    if worker_encoder() is not None:
        clip["features"] = encode_clip(worker_encoder(), clip["signal"], len(clip["motion"]), MOTION)
    del clip["signal"]
    return clip | {
        "utterance": utterance["id"], "split": utterance["split"], "speaker": speaker, "identity": identity,
        "emotion": emotion, "voice_identity": own, "voice_emotion": voice_emotion,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    utterance = json.loads(job.path.read_text())
    audio, rate = sf.read(job.corpus / "audio" / f"{utterance['id']}.flac", dtype="float32")
    if rate != SAMPLE_RATE_HZ:
        raise ValueError(f"{utterance['id']} has {rate} Hz, expected {SAMPLE_RATE_HZ}: synthesize it again")
    rng = np.random.default_rng([job.seed, zlib.crc32(utterance["id"].encode())])
    train = utterance["split"] == "train"
    n = job.n_variants if train else 1
    return [build_clip(job, utterance, audio, rng, clean=not train or k == 0) for k in range(n)]


def jobs_of(corpus: Path, engines: list[str], n_variants: int, seed: int) -> list[Job]:
    cast = cast_voices(corpus)
    jobs = []
    for path in sorted((corpus / "utterances").glob("*.json")):
        about = json.loads(path.read_text())
        if not engines or about["engine"] in engines:
            jobs.append(Job(path, corpus, n_variants, seed, cast.get(voice_name(about), -1)))
    return jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder to write clips.json, mel.bin, .. to")
    parser.add_argument(
        "--engine", action="append", default=[], help="only utterances of this synthesiser (repeatable)"
    )
    parser.add_argument("--variants", type=int, default=2, help="clips per training utterance")
    parser.add_argument("--every", type=int, default=1, help="take only every so many-th utterance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    add_encoder_arguments(parser, required=False)  # also cache features of a large encoder
    args = parser.parse_args()
    jobs = jobs_of(args.corpus, args.engine, args.variants, args.seed)[:: args.every]
    if not jobs:
        parser.error(f"no utterances in {args.corpus}: run python -m training.corpus synthesize first")
    choice = chosen_encoder(args) if args.encoder else None
    info = ClipSetInfo(MOTION, tuple(library_styles()), EMOTION_NAMES, SOURCE)
    features = FeatureWriter(args.out, FeatureInfo.of(choice.load())) if choice else None
    fresh = multiprocessing.get_context("spawn")  # PyTorch's threads do not survive a fork
    with (
        ClipWriter(args.out, info) as writer,
        ProcessPoolExecutor(args.jobs, fresh, initializer=load_in_worker, initargs=(choice,)) as pool,
    ):
        for clips in tqdm(pool.map(clips_of, jobs, chunksize=8), total=len(jobs), desc="prepare"):
            for clip in clips:
                if features is not None:
                    features.add(clip.pop("features"))
                writer.add(**clip)
    if features is not None:
        features.close()
    print(f"{len(jobs)} utterances, {writer.n_frames / MOTION.fps / 3600:.2f} h with variants -> {args.out}")


if __name__ == "__main__":
    main()
