"""The validator names the first wrong thing in one sentence and ends with 2."""

import json
import re

import dataset_makers as made
import numpy as np
import pytest
import soundfile as sf

from training.datasets.__main__ import main

SUBJECT = "FaceTalk_170728_03272_TA"
ONE = {SUBJECT: (1,), "FaceTalk_170811_03275_TA": (21,)}
TAKE = f"{SUBJECT}_sentence01"


def complaint(capsys, kind, root, *more) -> str:
    """What validate says of a faulty data set; it must be one line and exit with 2."""
    assert main(["validate", "--kind", kind, "--root", str(root), *more]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ") and shown.err.count("\n") == 1 and not shown.out
    return shown.err


@pytest.fixture
def voca(tmp_path):
    return made.vocaset_processed(tmp_path, ONE)


@pytest.fixture
def raw(tmp_path):
    return made.vocaset_raw(tmp_path, ONE)


def change_array(path, change):
    array = np.load(path)
    np.save(path, change(array))


def test_sound_data_sets_give_counts(tmp_path, capsys):
    root = made.vocaset_processed(tmp_path)
    assert main(["validate", "--kind", "vocaset", "--root", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "train: 3 takes, 2 speakers, 93 frames" in shown and "val: 1 takes, 1 speakers" in shown
    assert "vertices, 15069 channels at 30 fps" in shown and "lve 25" in shown
    assert main(["validate", "--kind", "vocaset", "--root", str(root), "--limit", "1"]) == 0
    assert "train: 1 takes" in capsys.readouterr().out


def test_folder_that_is_none_of_the_layouts(tmp_path, capsys):
    for kind in ("vocaset", "biwi", "beat", "3d-etf", "livelink"):
        assert f"{tmp_path}" in complaint(capsys, kind, tmp_path)
        assert "is no folder: --root names" in complaint(capsys, kind, tmp_path / "none")


def test_missing_audio_and_motion(voca, capsys):
    (voca / "wav" / f"{TAKE}.wav").unlink()
    assert f"{TAKE}.wav is missing" in complaint(capsys, "vocaset", voca)
    assert main(["validate", "--kind", "vocaset", "--root", str(voca), "--skip-incomplete"]) == 0
    assert "train" not in capsys.readouterr().out
    made.vocaset_processed(voca, ONE)
    (voca / "vertices_npy" / f"{TAKE}.npy").unlink()
    assert f"{TAKE}.npy is missing" in complaint(capsys, "vocaset", voca)


@pytest.mark.parametrize("name", ["data_verts.npy", "raw_audio_fixed.pkl", "templates.pkl", "subj_seq_to_idx.pkl"])
def test_missing_raw_file(raw, capsys, name):
    (raw / name).unlink()
    assert re.search(rf"{name} is missing", complaint(capsys, "vocaset", raw))


def test_wrong_shapes(voca, capsys):
    path = voca / "vertices_npy" / f"{TAKE}.npy"
    change_array(path, lambda a: a[:, :-3])
    assert "has shape (61, 15066), expected (frames, 15069)" in complaint(capsys, "vocaset", voca)
    path.write_bytes(path.read_bytes()[:1000])
    assert "cannot be read as an array" in complaint(capsys, "vocaset", voca)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "cannot be read as an array" in complaint(capsys, "vocaset", voca)


def test_raw_vertices_of_another_mesh(raw, capsys):
    change_array(raw / "data_verts.npy", lambda a: a[:, :5000])
    assert "has shape (122, 5000, 3), expected (frames, 5023, 3)" in complaint(capsys, "vocaset", raw)


def test_raw_index_beyond_the_array(raw, capsys):
    change_array(raw / "data_verts.npy", lambda a: a[:50])
    assert "uses frame 60 of data_verts.npy, which has 50" in complaint(capsys, "vocaset", raw)


def test_nan_is_named_by_frame(voca, capsys):
    def spoil(array):
        array[8, 5] = np.nan
        return array

    change_array(voca / "vertices_npy" / f"{TAKE}.npy", spoil)
    assert "not finite in frame 4, number 5" in complaint(capsys, "vocaset", voca)  # frame 8 of 60 fps is 4 of 30


def test_lengths_more_than_two_frames_apart(voca, capsys):
    change_array(voca / "vertices_npy" / f"{TAKE}.npy", lambda a: a[:54])
    shown = complaint(capsys, "vocaset", voca)
    assert f"{TAKE}: motion has 27 frames and its audio lasts 30.5, over 2 apart" in shown
    assert main(["validate", "--kind", "vocaset", "--root", str(voca), "--length-tolerance", "4"]) == 0


def test_lengths_within_two_frames_are_cut_to_the_shorter(voca, capsys):
    change_array(voca / "vertices_npy" / f"{TAKE}.npy", lambda a: a[:58])
    assert main(["validate", "--kind", "vocaset", "--root", str(voca)]) == 0
    assert "train: 1 takes, 1 speakers, 29 frames" in capsys.readouterr().out


def test_unknown_subject_and_name(voca, capsys):
    path = voca / "vertices_npy" / f"{TAKE}.npy"
    path.rename(path.with_name("FaceTalk_999999_00000_TA_sentence01.npy"))
    assert "unknown subject FaceTalk_999999_00000_TA, expected one of FaceTalk_" in complaint(capsys, "vocaset", voca)
    path.with_name("FaceTalk_999999_00000_TA_sentence01.npy").rename(path.with_name("notes.npy"))
    assert "is not <subject>_sentence01..40" in complaint(capsys, "vocaset", voca)


def test_template_that_is_missing_or_of_another_scale(voca, capsys):
    templates = {k: v for k, v in made._vocaset_templates().items() if k != SUBJECT}
    made.dump_python2(templates, voca / "templates.pkl")
    assert f"has no template of {SUBJECT}" in complaint(capsys, "vocaset", voca)
    made.dump_python2({k: 0.01 * v for k, v in made._vocaset_templates().items()}, voca / "templates.pkl")
    assert "normalised in the same way" in complaint(capsys, "vocaset", voca)
    made.dump_python2({k: v[:-1] for k, v in made._vocaset_templates().items()}, voca / "templates.pkl")
    assert "template has shape (5022, 3), expected (5023, 3)" in complaint(capsys, "vocaset", voca)


def test_region_ids(voca, capsys):
    (voca / "regions" / "lve.txt").write_text("1,2,5023")
    shown = complaint(capsys, "vocaset", voca)
    assert "region lve has vertex id 5023, outside 0..5022" in shown
    (voca / "regions" / "lve.txt").write_text("1,2 3,4")
    assert "holds something that is no vertex id" in complaint(capsys, "vocaset", voca)
    (voca / "regions" / "lve.txt").write_text("\n")
    assert "region lve is empty" in complaint(capsys, "vocaset", voca)
    (voca / "regions" / "lve.txt").unlink()
    made.dump_python2({"lips": np.array([6000])}, voca / "FLAME_masks.pkl")
    assert "region lips has vertex id 6000" in complaint(capsys, "vocaset", voca)


def test_audio_that_is_none_or_not_finite(voca, capsys):
    path = voca / "wav" / f"{TAKE}.wav"
    path.write_bytes(b"RIFFnothing")
    assert "cannot be read as audio" in complaint(capsys, "vocaset", voca)
    spoilt = made.sine(61 / 60, 16000)
    spoilt[7] = np.nan
    sf.write(path, spoilt, 16000, subtype="FLOAT")
    assert "audio sample 7 is not finite" in complaint(capsys, "vocaset", voca)


def test_biwi_faults(tmp_path, capsys):
    root = made.biwi_raw(tmp_path, {"F2": ("e01",)})
    path = root / "faces" / "F2" / "e01" / "frame_002.vl"
    path.write_bytes(path.read_bytes()[:-12])
    assert "frame_002.vl has 280432 bytes, expected 280444 of 23370 vertices" in complaint(capsys, "biwi", root)
    (root / "wav" / "F2_e01.wav").unlink()
    assert "F2_e01.wav is missing: ffmpeg -i videos/F2_e01.flv" in complaint(capsys, "biwi", root)
    (root / "faces" / "F2").rename(root / "faces" / "F9")
    assert "unknown subject F9" in complaint(capsys, "biwi", root)


def test_beat_faults(tmp_path, capsys):
    root = made.beat_raw(tmp_path, ((2, "scott", (0,)),), seconds=11)
    path = root / "2" / "2_scott_0_0_0.json"
    table = json.loads(path.read_text())
    sf.write(path.with_suffix(".wav"), made.sine(12, 16000), 16000)
    assert "motion lasts 11.00 s and its audio 12.00 s" in complaint(capsys, "beat", root)
    sf.write(path.with_suffix(".wav"), made.sine(11, 16000), 16000)
    path.write_text(json.dumps(table | {"names": ["jawopen2", *table["names"][1:]]}))
    assert "has no channel browDownLeft" in complaint(capsys, "beat", root)
    table["frames"][3]["weights"][2] = 55.0
    path.write_text(json.dumps(table))
    assert "weight 55 in frame 3" in complaint(capsys, "beat", root)
    table["frames"][3]["weights"] = [0.0]
    path.write_text(json.dumps(table))
    assert "frame 3 has 1 weights, expected 51" in complaint(capsys, "beat", root)
    path.rename(path.with_name("2_scott_0_200_200.json"))
    path.with_suffix(".wav").rename(path.with_name("2_scott_0_200_200.wav"))
    assert "take 200 is outside 0..118" in complaint(capsys, "beat", root)


def test_3d_etf_faults(tmp_path, capsys):
    root = made.etf_pairs(tmp_path)
    path = root / "HDTF" / "blendshape" / "RD_Radio1_000.npy"
    change_array(path, lambda a: a[:, :51])
    assert "has shape (30, 51), expected (frames, 52)" in complaint(capsys, "3d-etf", root)
    (root / "HDTF" / "audio" / "RD_Radio1_000.wav").unlink()
    assert "RD_Radio1_000.wav is missing" in complaint(capsys, "3d-etf", root)


def test_live_link_without_audio(tmp_path, capsys):
    made.livelink_take(tmp_path / "take.csv")
    (tmp_path / "take.wav").unlink()
    assert "take.wav is missing: extract the sound" in complaint(capsys, "livelink", tmp_path)


def test_harmful_pickle_is_named(voca, capsys):
    (voca / "templates.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert "templates.pkl wants to load os.system" in complaint(capsys, "vocaset", voca)
