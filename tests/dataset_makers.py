"""Small data sets in the exact layouts of the published ones: full vertex counts, a few frames, sine audio.

Each maker fills an empty folder and returns it. The awkward parts are there: Python 2 pickles with latin-1 bytes,
absolute positions at 60 fps, separators of region files, sound at 22000 and 44100 Hz, dropped frames."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import numpy as np
import soundfile as sf

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.datasets.splits import VOCASET_SPEAKERS

FLAME_VERTICES, BIWI_VERTICES = 5023, 23370
ALPHABET_51 = sorted(c for c in ARKIT_CHANNELS if c != "tongueOut")
N_TRUE_DIRECTIONS = 6  # rank of the made vertex motion


def sine(seconds: float, rate: int, hertz: float = 180.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def int16(audio: np.ndarray) -> np.ndarray:
    return np.round(audio * 32767).astype(np.int16)


def head(n_vertices: int, seed: int) -> np.ndarray:
    """A template of about a head's size, float64 [V, 3]; seed: the subject."""
    rng = np.random.default_rng(seed)
    points = np.random.default_rng(1).standard_normal((n_vertices, 3))
    return 0.1 * points / np.linalg.norm(points, axis=1, keepdims=True) + 0.002 * rng.standard_normal(3)


def moving(template: np.ndarray, n_frames: int, seed: int) -> np.ndarray:
    """Absolute positions [n, V, 3]: the template moved by a few millimetres along directions common to all takes."""
    directions = np.random.default_rng(7).standard_normal((N_TRUE_DIRECTIONS, *template.shape))
    phases = np.random.default_rng(seed).uniform(0, 6.28, N_TRUE_DIRECTIONS)
    t = np.arange(n_frames)[:, None]
    amounts = 0.001 / (1 + np.arange(N_TRUE_DIRECTIONS)) * np.sin(0.3 * t * (1 + np.arange(6)) / 3 + phases)
    return template + np.tensordot(amounts, directions, 1)


def weights(n_frames: int, n_channels: int, seed: int) -> np.ndarray:
    """Smooth weights 0..1, [n, C]; every channel has a mean of its own, so that an exchanged order shows."""
    base = np.linspace(0.05, 0.9, n_channels)
    phase = np.random.default_rng(seed).uniform(0, 6.28, n_channels)
    return base + 0.05 * np.sin(0.2 * np.arange(n_frames)[:, None] + phase)


class Python2Pickle:
    """Writes what cPickle of Python 2 with protocol 2 wrote: str as latin-1 bytes, numpy under its old names."""

    def __init__(self):
        self.out = bytearray(b"\x80\x02")

    def text(self, value: str | bytes) -> None:
        data = value.encode("latin1") if isinstance(value, str) else value
        self.out += b"T" + struct.pack("<i", len(data)) + data  # BINSTRING

    def value(self, value) -> None:
        if isinstance(value, dict):
            self.out += b"}("
            for key, item in value.items():
                self.value(key)
                self.value(item)
            self.out += b"u"
        elif isinstance(value, str | bytes):
            self.text(value)
        elif isinstance(value, np.ndarray):
            self.array(value)
        elif isinstance(value, float):
            self.out += b"G" + struct.pack(">d", value)
        else:
            self.out += b"J" + struct.pack("<i", int(value))

    def array(self, value: np.ndarray) -> None:
        self.out += b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
        self.out += b"(K\x00t"
        self.text("b")
        self.out += b"tR(K\x01("
        for n in value.shape:
            self.value(n)
        self.out += b"tcnumpy\ndtype\n("
        self.text(value.dtype.str[1:])
        self.out += b"K\x00K\x01tR(K\x03"
        self.text("<")
        self.out += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"  # C order
        self.text(np.ascontiguousarray(value).tobytes())
        self.out += b"tb"

    def done(self) -> bytes:
        return bytes(self.out + b".")


def dump_python2(value, path: Path) -> None:
    writer = Python2Pickle()
    writer.value(value)
    path.write_bytes(writer.done())


def write_regions(root: Path, separator: str, n_vertices: int, masks: bool) -> None:
    """regions/lve.txt, fdd.txt, neck.txt; VOCASET separates by "," and BIWI by ", "."""
    (root / "regions").mkdir(parents=True, exist_ok=True)
    for name, ids in (("lve", range(10, 60, 2)), ("fdd", range(100, 160)), ("neck", [0, 1, n_vertices - 1])):
        (root / "regions" / f"{name}.txt").write_text(separator.join(map(str, ids)))
    if masks:
        named = {"lips": np.arange(20, 40), "neck": np.arange(5), "eye_region": np.array([3, 3, 4])}
        dump_python2(named, root / "FLAME_masks.pkl")


VOCASET_TAKES = {
    "FaceTalk_170728_03272_TA": (1, 2), "FaceTalk_170904_00128_TA": (1,), "FaceTalk_170811_03275_TA": (20, 21),
    "FaceTalk_170809_00138_TA": (5, 40),
}  # fmt: skip


def _vocaset_positions(subject: str, sentence: int, n_frames: int) -> np.ndarray:
    template = head(FLAME_VERTICES, sum(map(ord, subject)))
    return moving(template, n_frames, sentence).astype(np.float32)


def _vocaset_templates() -> dict[str, np.ndarray]:
    everyone = [s for speakers in VOCASET_SPEAKERS.values() for s in speakers]
    return {s: head(FLAME_VERTICES, sum(map(ord, s))) for s in everyone}


def vocaset_raw(root: Path, takes=None, n_frames: int = 61) -> Path:
    """data_verts.npy, raw_audio_fixed.pkl, templates.pkl, subj_seq_to_idx.pkl; the rows of a take lie in disorder."""
    takes = takes or VOCASET_TAKES
    root.mkdir(parents=True, exist_ok=True)
    frames, rows, sounds = [], {}, {}
    for subject, sentences in takes.items():
        rows[subject], sounds[subject] = {}, {}
        for sentence in sentences:
            first = sum(map(len, frames))
            frames.append(_vocaset_positions(subject, sentence, n_frames)[::-1])
            # Python 2 gave dictionaries an order of its own, so the frames come in disorder here too.
            order = sorted(range(n_frames), key=lambda i: (i * 7) % n_frames)
            rows[subject][f"sentence{sentence:02d}"] = {i: first + n_frames - 1 - i for i in order}
            audio = int16(sine(n_frames / 60, 22000))
            sounds[subject][f"sentence{sentence:02d}"] = {"audio": audio, "sample_rate": 22000}
    np.save(root / "data_verts.npy", np.concatenate(frames))
    dump_python2(sounds, root / "raw_audio_fixed.pkl")
    dump_python2(_vocaset_templates(), root / "templates.pkl")
    dump_python2(rows, root / "subj_seq_to_idx.pkl")
    write_regions(root, ",", FLAME_VERTICES, masks=True)
    return root


def vocaset_processed(root: Path, takes=None, n_frames: int = 61) -> Path:
    """vertices_npy/{subject}_{sentence}.npy [T, 15069] at 60 fps, wav/, templates.pkl."""
    for folder in ("vertices_npy", "wav"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for subject, sentences in (takes or VOCASET_TAKES).items():
        for sentence in sentences:
            name = f"{subject}_sentence{sentence:02d}"
            np.save(root / "vertices_npy" / name, _vocaset_positions(subject, sentence, n_frames).reshape(n_frames, -1))
            sf.write(root / "wav" / f"{name}.wav", int16(sine(n_frames / 60, 22000)), 22000)
    dump_python2(_vocaset_templates(), root / "templates.pkl")
    write_regions(root, ",", FLAME_VERTICES, masks=True)
    return root


BIWI_TAKES = {"F2": ("e01", "e02", "e33", "e37", "01"), "M3": ("e01",), "F1": ("e01", "e38")}
BIWI_SUBJECTS = [f"F{i}" for i in range(1, 9)] + [f"M{i}" for i in range(1, 7)]


def biwi_processed(root: Path, takes=None, n_frames: int = 26) -> Path:
    """vertices_npy/F2_e01.npy [T, 70110] float64 at 25 fps, wav/ at 44100 Hz in stereo, templates.pkl."""
    for folder in ("vertices_npy", "wav"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    templates = {s: head(BIWI_VERTICES, i) for i, s in enumerate(BIWI_SUBJECTS)}
    for subject, sentences in (takes or BIWI_TAKES).items():
        for sentence in sentences:
            positions = moving(templates[subject], n_frames, int(sentence[-2:]))
            np.save(root / "vertices_npy" / f"{subject}_{sentence}.npy", positions.reshape(n_frames, -1))
            audio = sine(n_frames / 25, 44100)
            sf.write(root / "wav" / f"{subject}_{sentence}.wav", np.stack([audio, audio], axis=1), 44100)
    (root / "templates.pkl").write_bytes(pickle.dumps(templates, protocol=4))
    write_regions(root, ", ", BIWI_VERTICES, masks=False)
    return root


def biwi_raw(root: Path, takes=None, n_frames: int = 6) -> Path:
    """faces/F2/e01/frame_001.vl, rigid_scans/F2.obj, wav/ extracted from the videos."""
    (root / "wav").mkdir(parents=True)
    (root / "rigid_scans").mkdir()
    takes = takes or {"F2": ("e01",), "F1": ("e38",)}
    triangles = np.arange(BIWI_VERTICES).reshape(-1, 3)
    for i, (subject, sentences) in enumerate(takes.items()):
        template = 1000 * head(BIWI_VERTICES, i) + [5.0, -3.0, 900.0]  # millimetres before the camera
        lines = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in template]
        lines += [f"f {a + 1}/{a + 1} {b + 1}/{b + 1} {c + 1}/{c + 1}" for a, b, c in triangles]
        (root / "rigid_scans" / f"{subject}.obj").write_text("\n".join(lines))
        for sentence in sentences:
            folder = root / "faces" / subject / sentence
            folder.mkdir(parents=True)
            for k, frame in enumerate(moving(template / 1000, n_frames, 3)):
                data = struct.pack("<I", BIWI_VERTICES) + (1000 * frame).astype("<f4").tobytes()
                (folder / f"frame_{k + 1:03d}.vl").write_bytes(data)
            sf.write(root / "wav" / f"{subject}_{sentence}.wav", sine(n_frames / 25, 44100), 44100)
    return root


def beat_raw(root: Path, takes=((2, "scott", (0, 64, 65)), (4, "lawrence", (73, 118))), seconds: float = 21.0) -> Path:
    """<actor>/<id>_<name>_0_<take>_<take>.json (60 fps, 51 named weights) and wav, and a take that is not English."""
    for actor, name, numbers in takes:
        folder = root / str(actor)
        folder.mkdir(parents=True)
        for language, number in [(0, n) for n in numbers] + [(2, 1)]:
            n = round(seconds * 60)
            rows = np.round(weights(n, 51, number), 5).tolist()
            frames = [{"weights": w, "time": i / 60, "rotation": []} for i, w in enumerate(rows)]
            stem = f"{actor}_{name}_{language}_{number}_{number}"
            (folder / f"{stem}.json").write_text(json.dumps({"names": ALPHABET_51, "frames": frames}))
            sf.write(folder / f"{stem}.wav", sine(seconds, 16000, 150 + number), 16000)
    return root


def beat_processed(root: Path, n_each: int = 10) -> Path:
    """vertices_npy/{actor}_{emotion}_{index:02d}.npy [300, 51] float64 and wav/ of 10 s, templates.pkl."""
    for folder in ("vertices_npy", "wav"):
        (root / folder).mkdir(parents=True)
    for actor in ("2", "4"):
        for i in range(2 * n_each):
            name = f"{actor}_{i % 2}_{i + 1:02d}"
            np.save(root / "vertices_npy" / f"{name}.npy", weights(300, 51, i))
            sf.write(root / "wav" / f"{name}.wav", sine(10, 16000), 16000)
    templates = {actor: np.zeros((1, 51)) for actor in ("2", "4")}
    (root / "templates.pkl").write_bytes(pickle.dumps(templates, protocol=pickle.HIGHEST_PROTOCOL))
    return root


def etf_pairs(root: Path, seconds: float = 1.0) -> Path:
    """RAVDESS and HDTF with blendshape/*.npy [T, 52] and audio/*.wav."""
    names = {
        "RAVDESS": [f"03-01-{e:02d}-01-01-01-{a:02d}" for e in (1, 5) for a in range(1, 7)],
        "HDTF": [f"RD_Radio{i}_{k:03d}" for i in (1, 2) for k in range(6)],
    }
    for part, stems in names.items():
        for folder in ("blendshape", "audio"):
            (root / part / folder).mkdir(parents=True)
        for i, stem in enumerate(stems):
            np.save(root / part / "blendshape" / f"{stem}.npy", weights(round(seconds * 30), 52, i).astype(np.float32))
            sf.write(root / part / "audio" / f"{stem}.wav", sine(seconds, 48000), 48000)
    return root


def etf_lists(root: Path) -> Path:
    """D4_RAVDESS with train.json, val.json and test.json as UniTalker has them."""
    folder = root / "D4_RAVDESS"
    (folder / "bs").mkdir(parents=True)
    for split, actor in (("train", 0), ("val", 0), ("test", 1)):
        stem = f"03-01-05-02-01-01-{actor + 1:02d}_{('train', 'val', 'test').index(split)}"
        np.save(folder / "bs" / f"{stem}.npy", weights(30, 52, actor))
        sf.write(folder / "bs" / f"{stem}.wav", sine(1, 16000), 16000)
        row = {
            "annot_path": f"bs/{stem}.npy", "audio_path": f"bs/{stem}.wav", "id": actor, "fps": 30,
            "annot_type": "3DETF_blendshape_weight", "dataset": "D4",
        }  # fmt: skip
        table = {"info": {"id_list": ["actor_01", "actor_02"]}, "data": [row]}
        (folder / f"{split}.json").write_text(json.dumps(table))
    np.save(folder / "id_template.npy", np.zeros((2, 52)))
    return root


ROTATIONS = [f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")]


def timecode(seconds: float, rate: int = 60) -> str:
    whole = int(seconds)
    return f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{(seconds - whole) * rate:06.3f}"


def livelink_take(
    path: Path, seconds: float = 2.5, start_s: float = 50000.2, dropped=(30, 31, 80), lost=(40,), rate: int = 60
) -> np.ndarray:
    """A csv of 63 columns and its wav. dropped: rows left out. lost: rows without a face.
    Returns the weights before anything was dropped, [n, 52] at `rate`, in the order of ARKIT_CHANNELS."""
    path.parent.mkdir(parents=True, exist_ok=True)
    truth = weights(round(seconds * rate), 52, 3)
    # The app's own order has jawRight before jawLeft; only the names tell.
    names = [*ARKIT_CHANNELS[:15], "jawRight", "jawLeft", *ARKIT_CHANNELS[17:]]
    lines = [",".join(["Timecode", "BlendshapeCount", *(n[0].upper() + n[1:] for n in names), *ROTATIONS])]
    for i, row in enumerate(truth):
        if i in dropped:
            continue
        code = timecode(start_s + i / rate, rate)
        values = [f"{row[ARKIT_CHANNELS.index(n)]:.8f}" for n in names] + ["0.0"] * len(ROTATIONS)
        lines.append(f"{code},0" if i in lost else ",".join([code, "61", *values]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    sf.write(path.with_suffix(".wav"), sine(seconds, 48000), 48000)
    return truth


def livelink(root: Path, n_takes: int = 3) -> Path:
    """Two speakers' folders of takes and one calibration file that is no take."""
    for speaker in ("ada", "ben"):
        for i in range(n_takes):
            livelink_take(root / speaker / f"take_{i}.csv")
    (root / "ada" / "take_0_cal.csv").write_text("Timecode\n")
    return root
