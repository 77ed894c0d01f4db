"""Every layout is read to the takes that it was made from."""

import json

import dataset_makers as made
import numpy as np
import pytest
import soundfile as sf

from diffusiontalker.spec.channels import ARKIT_CHANNELS
from training.datasets import livelink
from training.datasets.regions import read_region_file
from training.datasets.registry import open_data_set
from training.datasets.take import DataError, Options
from training.datasets.weights import WITHOUT_TONGUE


def ref_named(data, name):
    return next(r for r in data.refs() if r.name == name)


@pytest.fixture(scope="module", params=["raw", "processed"])
def vocaset(request, tmp_path_factory):
    make = {"raw": made.vocaset_raw, "processed": made.vocaset_processed}[request.param]
    return open_data_set("vocaset", make(tmp_path_factory.mktemp(request.param)))


def test_vocaset_gives_offsets_at_30_fps(vocaset):
    name = "FaceTalk_170728_03272_TA_sentence02"
    take = vocaset.read(ref_named(vocaset, name))
    template = made.head(made.FLAME_VERTICES, sum(map(ord, take.speaker)))
    expected = (made.moving(template, 61, 2) - template)[::2].reshape(31, -1)
    assert take.speaker == "FaceTalk_170728_03272_TA" and take.split == "train"
    assert take.motion.shape == (31, 15069) and take.motion.dtype == np.float32
    np.testing.assert_allclose(take.motion, expected, atol=2e-8)  # float32 of positions of 0.1
    assert abs(len(take.audio) - 61 / 60 * 16000) <= 1 and take.audio.dtype == np.float32
    expected_audio = made.sine(61 / 60, 16000)
    np.testing.assert_allclose(take.audio[400:-400], expected_audio[400 : len(take.audio) - 400], atol=2e-3)


def test_vocaset_has_published_splits_train_identities_and_regions(vocaset):
    by_name = {r.name: r.split for r in vocaset.refs()}
    assert by_name["FaceTalk_170811_03275_TA_sentence21"] == "val"
    assert "FaceTalk_170811_03275_TA_sentence20" not in by_name and len(by_name) == 5
    about = vocaset.describe()
    assert about.identities == ("FaceTalk_170728_03272_TA", "FaceTalk_170904_00128_TA")
    assert about.motion.kind == "vertices" and about.motion.fps == 30 and about.unit_m == 1
    regions = vocaset.regions()
    assert regions["lve"].tolist() == list(range(10, 60, 2)) and regions["neck"][-1] == 5022
    assert regions["flame_neck"].tolist() == [0, 1, 2, 3, 4] and regions["eye_region"].tolist() == [3, 3, 4]
    assert len(vocaset.templates()) == 12


def test_region_files_may_have_either_separator_and_an_end(tmp_path):
    for text in ("1,2,30", "1, 2, 30", "1, 2, 30,\n", "\ufeff1,\n2,\n30\n"):
        (tmp_path / "lve.txt").write_text(text, encoding="utf-8")
        assert read_region_file(tmp_path / "lve.txt").tolist() == [1, 2, 30]


def test_biwi_processed_is_read_at_25_fps(tmp_path):
    data = open_data_set("biwi", made.biwi_processed(tmp_path, {"F2": ("e01", "01"), "F1": ("e38",)}))
    assert {r.name: r.split for r in data.refs()} == {"F2_e01": "train", "F1_e38": "test_b"}
    take = data.read(ref_named(data, "F2_e01"))
    template = made.head(made.BIWI_VERTICES, made.BIWI_SUBJECTS.index("F2"))
    expected = (made.moving(template, 26, 1) - template).reshape(26, -1)
    assert take.motion.shape == (26, 70110)
    np.testing.assert_allclose(take.motion, expected, atol=2e-8)
    assert data.describe().motion.group == (4, 1) and len(take.audio) == 26 * 640
    assert data.describe().identities == ("F2",)


def test_biwi_raw_scans_are_centred_and_of_unit_area(tmp_path):
    data = open_data_set("biwi", made.biwi_raw(tmp_path))
    take = data.read(ref_named(data, "F2_e01"))
    template = data.templates()["F2"]
    assert np.abs(template.mean(axis=0)).max() < 1e-6
    a, b, c = (template[i::3].astype(np.float64) for i in range(3))
    assert abs(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() - 1) < 1e-5
    assert take.motion.shape == (6, 70110) and 0 < np.abs(take.motion).max() < 0.1
    # Half a turn about x: y and z change sign against the scan.
    scan = made.head(made.BIWI_VERTICES, 0)
    scan -= scan.mean(axis=0)
    turned = scan * [1, -1, -1]
    correlation = (template * turned).sum() / np.linalg.norm(template) / np.linalg.norm(turned)
    assert correlation > 0.9999


def test_beat_raw_is_cut_named_and_labelled(tmp_path):
    data = open_data_set("beat", made.beat_raw(tmp_path))
    by_name = {r.name: r for r in data.refs()}
    # Takes 0, 64 and 65 of 21 s give two pieces each, in the order of their numbers; Chinese is left out.
    assert sorted(n for n in by_name if n.startswith("2_")) == [
        "2_0_01",
        "2_0_02",
        "2_0_03",
        "2_0_04",
        "2_1_05",
        "2_1_06",
    ]
    assert by_name["4_7_03"].emotion == "disgust" and by_name["2_0_03"].emotion == "neutral"
    take = data.read(by_name["2_0_04"])  # the second piece of take 64
    assert take.motion.shape == (300, 51) and len(take.audio) == 160000
    order = [made.ALPHABET_51.index(c) for c in WITHOUT_TONGUE]
    np.testing.assert_allclose(take.motion, made.weights(1260, 51, 64)[600:1200:2][:, order], atol=1e-5)
    full = sf.read(tmp_path / "2" / "2_scott_0_64_64.wav", dtype="float32")[0]
    np.testing.assert_allclose(take.audio, full[160000:320000], atol=1e-4)
    assert {r.split for r in data.refs()} == {"train", "val", "test"}


def test_beat_takes_can_stay_whole(tmp_path):
    data = open_data_set("beat", made.beat_raw(tmp_path, ((2, "scott", (0, 1)),)), Options(cut_s=0))
    assert [len(t.motion) for t in data.takes()] == [630, 630]


def test_beat_channels_follow_the_names_of_the_json(tmp_path):
    made.beat_raw(tmp_path, ((2, "scott", (0,)),))
    path = tmp_path / "2" / "2_scott_0_0_0.json"
    table = json.loads(path.read_text())
    before = open_data_set("beat", tmp_path)
    expected = before.read(before.refs()[0]).motion
    table["names"] = table["names"][::-1]
    for frame in table["frames"]:
        frame["weights"] = frame["weights"][::-1]
    (tmp_path / "other" / "2").mkdir(parents=True)
    (tmp_path / "other" / "2" / path.name).write_text(json.dumps(table))
    path.with_suffix(".wav").rename(tmp_path / "other" / "2" / "2_scott_0_0_0.wav")
    after = open_data_set("beat", tmp_path / "other")
    np.testing.assert_array_equal(after.read(after.refs()[0]).motion, expected)


def test_beat_processed_is_reordered_by_name(tmp_path):
    data = open_data_set("beat", made.beat_processed(tmp_path, 5))
    take = data.read(ref_named(data, "2_1_02"))
    assert take.emotion == "happiness" and take.speaker == "2"
    jaw, blink = (made.ALPHABET_51.index(n) for n in ("jawOpen", "eyeBlinkLeft"))
    source = made.weights(300, 51, 1)
    np.testing.assert_allclose(take.motion[:, WITHOUT_TONGUE.index("jawOpen")], source[:, jaw], atol=1e-6)
    np.testing.assert_allclose(take.motion[:, 0], source[:, blink], atol=1e-6)


def test_3d_etf_pairs_know_speakers_and_emotions(tmp_path):
    data = open_data_set("3d-etf", made.etf_pairs(tmp_path))
    assert len(data.refs()) == 24
    ref = ref_named(data, "RAVDESS_03-01-05-01-01-01-03")
    assert (ref.speaker, ref.emotion) == ("actor_03", "anger")
    assert ref_named(data, "HDTF_RD_Radio2_004").speaker == "RD_Radio2"
    take = data.read(ref)
    assert take.motion.shape == (30, 52) and len(take.audio) == 16000
    jaw = (*made.ALPHABET_51, "tongueOut").index("jawOpen")
    index = ARKIT_CHANNELS.index("jawOpen")
    np.testing.assert_allclose(take.motion[:, index], made.weights(30, 52, 8)[:, jaw], atol=1e-6)


def test_3d_etf_lists_keep_their_split(tmp_path):
    data = open_data_set("3d-etf", made.etf_lists(tmp_path))
    assert sorted(r.split for r in data.refs()) == ["test", "train", "val"]
    assert data.describe().identities == ("actor_01",)
    assert all(r.emotion == "anger" for r in data.refs())


def test_live_link_take_is_put_on_a_regular_grid(tmp_path):
    truth = made.livelink_take(tmp_path / "take.csv", seconds=2.5)
    motion = livelink.read_csv(tmp_path / "take.csv")
    assert motion.shape == (75, 52)
    # Rows 30, 31, 80 were dropped and 40 had no face: linear bridges of a slow sine are within 1e-3.
    np.testing.assert_allclose(motion, truth[::2], atol=2e-3)
    np.testing.assert_allclose(motion[:10], truth[:20:2], atol=1e-6)


def test_live_link_clock_may_pass_midnight_and_run_at_30(tmp_path):
    truth = made.livelink_take(tmp_path / "late.csv", seconds=3, start_s=86398.5, dropped=(), lost=())
    np.testing.assert_allclose(livelink.read_csv(tmp_path / "late.csv"), truth[::2], atol=1e-6)
    truth = made.livelink_take(tmp_path / "slow.csv", seconds=4, dropped=(), lost=(), rate=30)
    np.testing.assert_allclose(livelink.read_csv(tmp_path / "slow.csv"), truth, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:1] + rows[60:] + rows[1:60], "time runs backwards"),
        (lambda rows: rows[:30] + rows[70:], "0.68 s are missing 0.4[78] s after the start, more than 0.5 s"),
        (lambda rows: [rows[0].replace("JawOpen", "Jaw"), *rows[1:]], "has no channel jawOpen"),
        (lambda rows: [*rows[:5], rows[5].rsplit(",", 30)[0], *rows[6:]], "row 5 has 33 columns, expected 63"),
        (lambda rows: [*rows[:5], "1:2:3" + rows[5][15:], *rows[6:]], "is not hh:mm:ss:ff.fff"),
        (lambda rows: rows[:1], "is no Live Link Face take"),
    ],
)
def test_live_link_faults_are_named(tmp_path, change, message):
    path = tmp_path / "take.csv"
    made.livelink_take(path, dropped=(), lost=())
    path.write_text("\n".join(change(path.read_text(encoding="utf-8-sig").splitlines())))
    with pytest.raises(DataError, match=message):
        livelink.read_csv(path)


def test_live_link_folders_are_speakers_and_takes_json_overrules(tmp_path):
    made.livelink(tmp_path)
    data = open_data_set("livelink", tmp_path)
    assert {r.speaker for r in data.refs()} == {"ada", "ben"} and len(data.refs()) == 6  # the _cal file is no take
    (tmp_path / "ben" / "take_0.csv").rename(tmp_path / "ben" / "take_0_cal.csv")  # alone: it is the take
    assert len(open_data_set("livelink", tmp_path).refs()) == 6
    labels = {"take_1": {"emotion": "joy", "split": "test"}, "take_2": {"speaker": "cleo", "split": "train"}}
    (tmp_path / "takes.json").write_text(json.dumps(labels))
    data = open_data_set("livelink", tmp_path)
    assert {(r.emotion, r.split) for r in data.refs() if r.name.endswith("take_1")} == {("joy", "test")}
    assert "cleo" in data.describe().identities and data.describe().emotions == ("joy", "neutral")
