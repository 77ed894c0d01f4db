"""Corpus -> prepared clips: `python -m training.data.prepare --corpus DIR --out DIR`."""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from diffusiontalker.spec.channels import ARKIT_CHANNELS, HEAD_POSE_CHANNELS
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.generate import animate_face
from training.articulation.style import TalkingStyle, held_out_styles, library_styles
from training.corpus.languages import LANGUAGE_CODES
from training.corpus.phones import merge_repeated_silence
from training.corpus.reader import read_audio, read_utterances
from training.corpus.recorded import ENGINE as RECORDED
from training.data.augment import heard_as, record, rms, set_level
from training.data.background import OtherVoices, with_background
from training.data.casting import cast_voices, language_of, voice_name
from training.data.effort import EFFORT_NAMES, exert
from training.data.pooled import write_clips
from training.data.prosody import act
from training.datasets.audio import EXTENSIONS
from training.encoders.__main__ import add_encoder_arguments, chosen_encoder
from training.encoders.resample import encode_clip
from training.encoders.worker import worker_encoder
from training.prepared.clips import PHONE_NAMES, ClipSetInfo
from training.prepared.framing import frame_count, framed
from training.prepared.motion_space import MotionSpace

SOURCE = "synthetic speech, motion made by rule"
Phone = tuple[str, float, float]
FACE_AND_HEAD = (*ARKIT_CHANNELS, *HEAD_POSE_CHANNELS)
MOTION = MotionSpace("blendshapes", len(FACE_AND_HEAD), FACE_AND_HEAD)
# Chances of a clip. A voice lends itself to other identities and moods now and then, so that the condition, not the
# voice, decides how the face moves.
OWN_IDENTITY, NEUTRAL_VOICE, SAME_EMOTION = 0.5, 0.35, 0.75
# Strengths of moods: a style between neutral and the mood, and a little beyond, moves the face as far.
STRENGTH = (0.2, 1.4)
# A louder voice is louder at the microphone, but gains differ: dB above the drawn level at effort 1, below it at -1.
EFFORT_DB = (0.0, 10.0)
# Share of the clips with a pause before and after the speech, and its length: the mouth opens before the first sound,
# and what the microphone adds is heard alone. The others begin with speech, as cut recordings do.
SURROUNDED, PAUSE_S = 0.65, (0.4, 1.5)
OTHERS_PER_CLIP = 24


@dataclass(frozen=True)
class Job:
    """One utterance to turn into clips."""

    utterance: dict
    corpus: Path
    n_variants: int
    seed: int
    own_identity: int  # of its voice; -1 for a voice unseen in training
    styles: dict[str, TalkingStyle]  # identities to move as
    effort: float = 0.0  # share of the clips that are whispered, shouted or sung
    background: float = 0.0  # share of the clips with other voices or music behind the speaker
    others: OtherVoices = OtherVoices(())


def animate(
    phones: list[Phone],
    near: np.ndarray,
    style: TalkingStyle,
    emotion: str,
    strength: float,
    seed: int,
    heard: np.ndarray | None = None,
    effort: float = 0.0,
    pauses: tuple[float, float] = (0.0, 0.0),
) -> dict:
    """One clip with the signal its mel is of. phones: contiguous from 0 to the end of the speech.
    near: float32 [n] at 16 kHz, the speaker alone, whom the face follows.   heard: [n], what the microphone records of
    it all, default near.   strength: of the emotion.   effort: -1 whispered .. 0 .. 1 shouted.
    pauses: seconds at the start and at the end of `near` that were added to the recording."""
    fps = MOTION.fps
    speech_frames = frame_count(near, MOTION)
    clip = framed(near if heard is None else heard, speech_frames, MOTION)
    lead, n = clip.lead, clip.n_frames
    before, after = (round(pause * fps) for pause in pauses)
    times = np.arange(n - lead) / fps
    end = phones[-1][2]
    tail = [("SIL", end, max(end, times[-1]) + 0.2)]
    moving = animate_face([*phones, *tail], near, SAMPLE_RATE_HZ, times, style, seed, emotion, strength, effort=effort)
    motion = np.concatenate([np.zeros((lead, moving.shape[1]), np.float32), moving])
    label = np.full(n, PHONE_NAMES.index("SIL"))
    for name, start, stop in phones:
        inside = slice(lead + int(np.ceil(start * fps)), lead + int(np.ceil(stop * fps)))
        label[inside] = PHONE_NAMES.index(name)
    return {
        "mel": clip.mel, "motion": motion, "phone": label, "signal": clip.samples,
        "speech_frame": lead + before, "speech_frames": max(speech_frames - before - after, 1),
    }  # fmt: skip


def with_features(clip: dict) -> dict:
    """The clip without its signal, and with a large encoder's features of it where the process has one."""
    signal = clip.pop("signal")
    if (encoder := worker_encoder()) is not None:
        clip["features"] = encode_clip(encoder, signal, len(clip["motion"]), MOTION)
    return clip


def surrounded(
    audio: np.ndarray, phones: list[Phone], tempo: float, rng: np.random.Generator
) -> tuple[np.ndarray, list[Phone], tuple[float, float]]:
    """(audio with a pause before and after it, the phones, seconds of both pauses). The phones are of the speech before
    it was made quicker by `tempo`. What the microphone adds later is in the pauses too."""
    pauses = rng.uniform(*PAUSE_S, size=2)
    before, after = (int(pause * SAMPLE_RATE_HZ) for pause in pauses)
    padded = np.pad(audio, (before, after))
    shift = tempo * before / SAMPLE_RATE_HZ
    moved = [(name, start + shift, end + shift) for name, start, end in phones]
    end = max(tempo * len(padded) / SAMPLE_RATE_HZ, moved[-1][2] + 1e-3)
    phones = merge_repeated_silence([("SIL", 0.0, moved[0][1]), *moved, ("SIL", moved[-1][2], end)])
    return padded, phones, (before / SAMPLE_RATE_HZ, after / SAMPLE_RATE_HZ)


def build_clip(job: Job, audio: np.ndarray, rng: np.random.Generator, clean: bool) -> dict:
    """One clip; recording condition, mood, effort, background and identity are drawn from rng."""
    styles = list(job.styles.values())
    utterance, own = job.utterance, job.own_identity
    identity = own if own >= 0 and rng.random() < OWN_IDENTITY else int(rng.integers(len(styles)))
    phones: list[Phone] = [tuple(p) for p in utterance["phones"]]
    effort = 0.0
    if job.effort and not clean and rng.random() < job.effort:
        audio, phones, effort = exert(audio, phones, str(rng.choice(EFFORT_NAMES)), rng)
    neutral = (clean and own >= 0) or effort != 0 or rng.random() < NEUTRAL_VOICE
    voice_emotion = 0 if neutral else int(rng.integers(1, len(EMOTION_NAMES)))
    emotion = voice_emotion if rng.random() < SAME_EMOTION else int(rng.integers(len(EMOTION_NAMES)))
    audio, tempo = act(audio, EMOTION_NAMES[voice_emotion], rng)
    pauses = (0.0, 0.0)
    if rng.random() < SURROUNDED:
        audio, phones, pauses = surrounded(audio, phones, tempo, rng)
    audio, speed = record(audio, rng, clean)
    pauses = (pauses[0] / speed, pauses[1] / speed)
    phones = [(name, start / (tempo * speed), end / (tempo * speed)) for name, start, end in phones]
    if effort:
        audio = set_level(audio, 20 * np.log10(rms(audio)) + effort * rng.uniform(*EFFORT_DB))
    heard = None
    if job.background and not clean and rng.random() < job.background:
        heard = with_background(audio, job.others, rng)
    speaker = heard_as(voice_name(utterance), speed)
    if speaker != voice_name(utterance):
        own = -1
    strength = float(rng.uniform(*STRENGTH)) if emotion else 1.0
    seed = int(rng.integers(2**31))
    clip = animate(phones, audio, styles[identity], EMOTION_NAMES[emotion], strength, seed, heard, effort, pauses)
    return with_features(clip) | {
        "utterance": utterance["id"], "split": utterance["split"], "speaker": speaker, "identity": identity,
        "emotion": emotion, "strength": strength, "voice_identity": own, "voice_emotion": voice_emotion,
    }  # fmt: skip


def clips_of(job: Job) -> list[dict]:
    audio = read_audio(job.corpus, job.utterance)
    rng = np.random.default_rng([job.seed, zlib.crc32(job.utterance["id"].encode())])
    train = job.utterance["split"] == "train"
    return [build_clip(job, audio, rng, clean=not train or k == 0) for k in range(job.n_variants if train else 1)]


def other_voices(corpus: Path, folders: list[Path]) -> tuple[Path, ...]:
    """Recordings for the background: the training utterances of a corpus, or those in folders where there are any.
    Raises FileNotFoundError for folders without a recording."""
    if not folders:
        return tuple(Path(corpus) / "audio" / f"{u['id']}.flac" for u in read_utterances(corpus, "train"))
    found = sorted(p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in EXTENSIONS)
    if not found:
        raise FileNotFoundError(f"no recording in {', '.join(map(str, folders))}: give folders of speech")
    return tuple(found)


def with_others(jobs: list[Job], voices: tuple[Path, ...], effort: float, background: float, seed: int) -> list[Job]:
    """The jobs with shares of effort and background; each may take OTHERS_PER_CLIP recordings of other people."""
    rng, out = np.random.default_rng([seed, 1]), []
    for job in jobs:
        some = [voices[i] for i in rng.integers(len(voices), size=OTHERS_PER_CLIP)] if background else []
        others = tuple(path for path in some if path.stem != job.utterance["id"])
        out.append(replace(job, effort=effort, background=background, others=OtherVoices(others)))
    return out


def jobs_of(
    corpus: Path, engines: list[str], n_variants: int, seed: int, held_out: bool = False, language: str | None = None
) -> list[Job]:
    """held_out: moved as the held-out identities, of whom no voice is the own one.   language: None for all."""
    utterances = read_utterances(corpus)
    spoken_by_machine = [u for u in utterances if u["engine"] != RECORDED]
    cast = {} if held_out else cast_voices(spoken_by_machine)  # no reader has an identity of the library
    styles = held_out_styles() if held_out else library_styles()
    return [
        Job(u, corpus, n_variants, seed, cast.get(voice_name(u), -1), styles)
        for u in utterances
        if (not engines or u["engine"] in engines) and language in (None, language_of(u))
    ]


def add_other_voices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--other-voices", type=Path, nargs="+", default=[], metavar="DIR",
        help="folders of recordings that speak in the background, default the corpus's training utterances",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder made by python -m training.corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder to write clips.json, mel.bin, .. to")
    parser.add_argument(
        "--engine", action="append", default=[], help="only utterances of this synthesiser (repeatable)"
    )
    parser.add_argument("--language", choices=LANGUAGE_CODES, help="only utterances of this language, default all")
    parser.add_argument(
        "--effort", type=float, default=0.0, metavar="SHARE",
        help="share of the augmented clips that are whispered, shouted or sung",
    )  # fmt: skip
    parser.add_argument(
        "--background", type=float, default=0.0, metavar="SHARE",
        help="share of the augmented clips with other voices or music behind the speaker",
    )  # fmt: skip
    add_other_voices(parser)
    parser.add_argument("--variants", type=int, default=2, help="clips per training utterance")
    parser.add_argument("--every", type=int, default=1, help="take only every so many-th utterance")
    parser.add_argument(
        "--held-out-identities", action="store_true", help="motion of identities that no model is trained on"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    add_encoder_arguments(parser, required=False)  # also cache features of a large encoder
    args = parser.parse_args()
    jobs = jobs_of(args.corpus, args.engine, args.variants, args.seed, args.held_out_identities, args.language)
    jobs = jobs[:: args.every]
    if not jobs:
        parser.error(f"no utterances in {args.corpus}: run python -m training.corpus synthesize first")
    if not (0 <= args.effort <= 1 and 0 <= args.background <= 1):
        parser.error("--effort and --background are shares, expected 0..1")
    if args.effort or args.background:
        try:
            voices = other_voices(args.corpus, args.other_voices) if args.background else ()
        except FileNotFoundError as error:
            parser.error(str(error))
        jobs = with_others(jobs, voices, args.effort, args.background, args.seed)
    choice = chosen_encoder(args) if args.encoder else None
    info = ClipSetInfo(MOTION, tuple(jobs[0].styles), EMOTION_NAMES, SOURCE)
    print(write_clips(args.out, info, jobs, clips_of, args.jobs, choice))


if __name__ == "__main__":
    main()
