"""Speech without phones or motion, for the stages that need neither (personaliser, encoder):
`python -m training.data.unlabelled --audio DIR --like CLIPS --out DIR --encoder whisper --weights DIR`

With real recordings the compact encoder learns the large one's features where synthetic voices end."""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.data.augment import heard_as, record
from training.data.pooled import write_clips
from training.datasets.audio import EXTENSIONS, read_sound
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.encoders.frozen import FrozenEncoder
from training.encoders.resample import encode_clip
from training.encoders.worker import worker_encoder
from training.prepared.clips import ClipSet
from training.prepared.framing import frame_count, framed
from training.prepared.motion_space import MotionSpace

PIECE_S, SHORTEST_S = 12.0, 2.0


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
    mono, n = read_sound(path), int(PIECE_S * SAMPLE_RATE_HZ)
    pieces = [mono[i : i + n] for i in range(0, len(mono), n)]
    return [p for p in pieces if len(p) >= SHORTEST_S * SAMPLE_RATE_HZ]


def build_clip(job: Job, number: int, audio: np.ndarray, rng: np.random.Generator, clean: bool) -> dict:
    """number: of the piece in its recording. Conditions of one piece share its utterance, pieces do not."""
    audio, speed = record(audio, rng, clean)
    speech_frames = frame_count(audio, job.motion)
    clip = framed(audio, speech_frames, job.motion)
    return {
        "mel": clip.mel,
        "motion": np.zeros((clip.n_frames, job.motion.n_channels), np.float32),
        "features": encode_clip(cast(FrozenEncoder, worker_encoder()), clip.samples, clip.n_frames, job.motion),
        "utterance": f"real-{job.path.stem}" + (f"+{number}" if number else ""), "split": "train",
        "speaker": heard_as(job.speaker, speed), "identity": -1, "emotion": -1,
        "speech_frame": clip.lead, "speech_frames": speech_frames,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    rng = np.random.default_rng([job.seed, zlib.crc32(job.path.stem.encode())])
    pieces = read_pieces(job.path)
    return [build_clip(job, i, p, rng, clean=k == 0) for i, p in enumerate(pieces) for k in range(job.n_variants)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--audio", type=Path, nargs="+", required=True, help="folders of recordings, searched to the bottom"
    )
    parser.add_argument("--like", type=Path, required=True, help="prepared clips to be used together with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", type=int, default=3, help="recording conditions per piece")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    add_encoder_arguments(parser)
    args = parser.parse_args()
    info, choice = ClipSet(args.like).info, chosen_encoder(args)
    paths = sorted(p for folder in args.audio for p in folder.rglob("*") if p.suffix.lower() in EXTENSIONS)
    if not paths:
        parser.error(f"no recording in {', '.join(map(str, args.audio))}")
    jobs = [Job(p, info.motion, args.variants, args.seed) for p in paths]
    print(write_clips(args.out, info, jobs, clips_of, args.jobs, choice))


if __name__ == "__main__":
    main()
