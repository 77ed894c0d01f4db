"""Corpus -> prepared clips: `python -m training.data.prepare --corpus DIR --out DIR`."""

from __future__ import annotations

import argparse
import json
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile as sf
from tqdm import tqdm

from diffusiontalker.spec.mel import MelSpec, log_mel
from training.articulation.generate import animate_phones
from training.articulation.style import library_styles
from training.data.augment import augment, set_level
from training.data.clips import FRAMES_PER_GROUP, MEL_PER_GROUP, PHONE_NAMES, ClipWriter

SAMPLE_RATE_HZ, FPS = 16000, 30
# Silence before and after each clip: longer than any window's past, so that streams that start or end are seen.
LEAD_FRAMES, TAIL_FRAMES = 24, 24
MIN_FRAMES = 66


def build_clip(utterance: dict, audio: np.ndarray, style, rng: np.random.Generator, clean: bool) -> dict:
    """Arrays of one clip: recording condition and face drawn from rng."""
    if clean:
        audio, speed = set_level(audio, rng.uniform(-28, -18)), 1.0
    else:
        audio, speed = augment(audio, rng)
    phones = [(p, s / speed, e / speed) for p, s, e in utterance["phones"]]
    speech_frames = -(-len(audio) * FPS // SAMPLE_RATE_HZ)
    n = max(LEAD_FRAMES + speech_frames + TAIL_FRAMES, MIN_FRAMES)
    n += -n % FRAMES_PER_GROUP
    times = np.arange(n - LEAD_FRAMES) / FPS
    end = phones[-1][2]
    moving = animate_phones(
        [*phones, ("SIL", end, max(end, times[-1]) + 0.2)],
        audio,
        SAMPLE_RATE_HZ,
        times,
        style,
        int(rng.integers(2**31)),
    )
    motion = np.concatenate([np.zeros((LEAD_FRAMES, moving.shape[1]), np.float32), moving])
    samples = np.zeros(n * SAMPLE_RATE_HZ // FPS + 400, np.float32)
    first = LEAD_FRAMES * SAMPLE_RATE_HZ // FPS
    samples[first : first + len(audio)] = audio[: len(samples) - first]
    mel = log_mel(samples, MelSpec())[: n // FRAMES_PER_GROUP * MEL_PER_GROUP]
    label = np.full(n, PHONE_NAMES.index("SIL"))
    for name, start, stop in phones:
        inside = slice(LEAD_FRAMES + int(np.ceil(start * FPS)), LEAD_FRAMES + int(np.ceil(stop * FPS)))
        label[inside] = PHONE_NAMES.index(name)
    return {"mel": mel, "motion": motion, "phone": label, "speech_frame": LEAD_FRAMES, "speech_frames": speech_frames}


def _clips_of(job: tuple[Path, Path, int, int]) -> list[dict]:
    path, corpus, n_variants, seed = job
    utterance = json.loads(path.read_text())
    audio, rate = sf.read(corpus / "audio" / f"{utterance['id']}.flac", dtype="float32")
    if rate != SAMPLE_RATE_HZ:
        raise ValueError(f"{utterance['id']} has {rate} Hz, expected {SAMPLE_RATE_HZ}: synthesize it again")
    styles = list(library_styles().values())
    rng = np.random.default_rng([seed, zlib.crc32(utterance["id"].encode())])
    train = utterance["split"] == "train"
    out = []
    for variant in range(n_variants if train else 1):
        identity = int(rng.integers(len(styles)))
        clip = build_clip(utterance, audio, styles[identity], rng, clean=not train or variant == 0)
        about = {k: utterance[k] for k in ("split", "voice")} | {"utterance": utterance["id"], "identity": identity}
        out.append(clip | about)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder to write mel.npy, motion.npy, ... to")
    parser.add_argument("--engine", help="only utterances of this synthesiser, for a folder of its own")
    parser.add_argument("--variants", type=int, default=4, help="recording conditions per training utterance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    paths = sorted((args.corpus / "utterances").glob(f"{args.engine or ''}*.json"))
    if not paths:
        parser.error(f"no utterances in {args.corpus}: run python -m training.corpus synthesize first")
    writer = ClipWriter(list(library_styles()))
    jobs = [(p, args.corpus, args.variants, args.seed) for p in paths]
    with ProcessPoolExecutor(args.jobs) as pool:
        for clips in tqdm(pool.map(_clips_of, jobs, chunksize=8), total=len(jobs), desc="prepare"):
            for clip in clips:
                writer.add(**clip)
    writer.save(args.out)
    print(f"{len(paths)} utterances, {writer._n_frames / FPS / 3600:.2f} h with variants -> {args.out}")


if __name__ == "__main__":
    main()
