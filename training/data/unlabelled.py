"""Speech without phones or motion, for the stages that need neither (personaliser, encoder):
`python -m training.data.unlabelled --audio DIR --like CLIPS --out DIR --encoder whisper --weights DIR`

Real recordings teach the compact encoder to hear as the large one does where synthetic voices end."""

from __future__ import annotations

import argparse
import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from tqdm import tqdm

from diffusiontalker.spec.mel import MelSpec, log_mel
from training.data.augment import augment, set_level
from training.data.clips import ClipSet, ClipWriter
from training.data.motion_space import MotionSpace
from training.data.prepare import LEAD_FRAMES, SAME_SPEAKER_SPEED, SAMPLE_RATE_HZ, TAIL_FRAMES
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.encoders.cache import FeatureInfo, FeatureWriter
from training.encoders.resample import encode_clip
from training.encoders.worker import load_in_worker, worker_encoder

PIECE_S, SHORTEST_S = 12.0, 2.0
SUFFIXES = {".flac", ".wav", ".ogg", ".mp3"}


@dataclass(frozen=True)
class Job:
    """One recording. speaker: the part of its name before the first '-', as LibriSpeech names its readers."""

    path: Path
    motion: MotionSpace
    n_variants: int
    seed: int

    @property
    def speaker(self) -> str:
        return f"real:{self.path.stem.split('-')[0]}"


def read_pieces(path: Path) -> list[np.ndarray]:
    """float32 mono pieces at 16 kHz of at most PIECE_S."""
    audio, rate = sf.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(audio.mean(axis=1), rate, SAMPLE_RATE_HZ).astype(np.float32)
    if not np.isfinite(mono).all():
        raise ValueError(f"{path} has samples that are not finite: leave it out")
    n = int(PIECE_S * SAMPLE_RATE_HZ)
    pieces = [mono[i : i + n] for i in range(0, len(mono), n)]
    return [p for p in pieces if len(p) >= SHORTEST_S * SAMPLE_RATE_HZ]


def build_clip(job: Job, audio: np.ndarray, rng: np.random.Generator, clean: bool) -> dict:
    if clean:
        audio, speed = set_level(audio, rng.uniform(-28, -18)), 1.0
    else:
        audio, speed = augment(audio, rng)
    per_mel, per_frames = job.motion.group
    speech_frames = int(np.ceil(len(audio) * job.motion.fps / SAMPLE_RATE_HZ))
    n = LEAD_FRAMES + speech_frames + TAIL_FRAMES
    n += -n % per_frames
    samples = np.zeros(int(n * SAMPLE_RATE_HZ / job.motion.fps) + 400, np.float32)
    first = int(LEAD_FRAMES * SAMPLE_RATE_HZ / job.motion.fps)
    samples[first : first + len(audio)] = audio[: len(samples) - first]
    speaker = job.speaker
    if abs(speed - 1) > SAME_SPEAKER_SPEED:
        speaker += "~fast" if speed > 1 else "~slow"
    return {
        "mel": log_mel(samples, MelSpec())[: n // per_frames * per_mel],
        "motion": np.zeros((n, job.motion.n_channels), np.float32),
        "features": encode_clip(worker_encoder(), samples, n, job.motion),
        "utterance": f"real-{job.path.stem}", "split": "train", "speaker": speaker, "identity": -1, "emotion": -1,
        "speech_frame": LEAD_FRAMES, "speech_frames": speech_frames,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    rng = np.random.default_rng([job.seed, zlib.crc32(job.path.stem.encode())])
    pieces = read_pieces(job.path)
    return [build_clip(job, p, rng, clean=k == 0) for p in pieces for k in range(job.n_variants)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio", type=Path, required=True, help="folder of recordings, searched to the bottom")
    parser.add_argument("--like", type=Path, required=True, help="prepared clips to be used together with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", type=int, default=3, help="recording conditions per piece")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    add_encoder_arguments(parser)
    args = parser.parse_args()
    info, choice = ClipSet(args.like).info, chosen_encoder(args)
    paths = sorted(p for p in args.audio.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        parser.error(f"no recording in {args.audio}")
    jobs = [Job(p, info.motion, args.variants, args.seed) for p in paths]
    fresh = multiprocessing.get_context("spawn")  # PyTorch's threads do not survive a fork
    with (
        ClipWriter(args.out, info) as writer,
        FeatureWriter(args.out, FeatureInfo.of(choice.load())) as features,
        ProcessPoolExecutor(args.jobs, fresh, initializer=load_in_worker, initargs=(choice,)) as pool,
    ):
        for clips in tqdm(pool.map(clips_of, jobs, chunksize=2), total=len(jobs), desc="unlabelled"):
            for clip in clips:
                features.add(clip.pop("features"))
                writer.add(**clip)
    print(f"{len(jobs)} recordings, {writer.n_frames / info.motion.fps / 3600:.2f} h with variants -> {args.out}")


if __name__ == "__main__":
    main()
