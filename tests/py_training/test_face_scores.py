"""Scores of a face on motion whose size, timing and contacts are known; no network and no recording is needed."""

from __future__ import annotations

import numpy as np
import pytest

from diffusiontalker.head import LIP_MEASURES, lip_measures, load_head
from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.eval.face.clip import Clip, rendered, tracked
from training.eval.face.contacts import contact_scores, contact_shares
from training.eval.face.energy import energy_scores
from training.eval.face.life import dead_channels, life_scores, take_scores
from training.eval.face.mouth_inside import inside_scores
from training.eval.face.shape import contact_shape, correlations
from training.eval.face.size import absolute_sizes, size_scores
from training.eval.face.tables import all_tables
from training.eval.face.timing import at_its_best, onset_ms, onset_scores
from training.eval.recordings import Recording
from training.eval.report import Row

PHONES = [("SIL", 0.0, 1.0), ("L", 1.0, 1.1), ("AA", 1.1, 1.4), ("M", 1.4, 1.5), ("EH", 1.5, 1.8), ("S", 1.8, 2.0),
          ("AA", 2.0, 2.3), ("SIL", 2.3, 3.0)]  # fmt: skip


def face(gain: float = 1.0, lead_s: float = 0.0, name: str = "x", **extra: np.ndarray) -> np.ndarray:
    """Weights [90, 52] of a mouth that opens at the vowels of PHONES, at 30 fps."""
    times = np.arange(90) / 30 + lead_s
    jaw = sum(np.exp(-0.5 * ((times - t) / 0.06) ** 2) for t in (1.25, 1.65, 2.15))
    weights = np.zeros((90, 52), np.float32)
    weights[:, CHANNEL_INDEX["jawOpen"]] = 0.4 * gain * jaw
    for channel, curve in extra.items():
        weights[:, CHANNEL_INDEX[channel]] = curve
    return weights


def recording(motion: np.ndarray | None = None, name: str = "x") -> Recording:
    """With tracked measures of a real face that moves like `motion`."""
    six = None
    if motion is not None:
        at = (np.arange(74) + 0.5) / 25
        curves = lip_measures(load_head(), motion).astype(np.float64)
        six = (at, np.stack([np.interp(at, np.arange(90) / 30, c) for c in curves.T], axis=1))
    return Recording(name, np.zeros(48000, np.float32), PHONES, "", measures=six)


REAL = recording(face())
TRACKED = [tracked(REAL)]


def clips(motion: np.ndarray) -> list[Clip]:
    return [rendered(REAL, motion)]


def test_a_face_of_half_the_movement_has_half_the_size_and_speed():
    half, same = size_scores(clips(face(0.5)), TRACKED), size_scores(clips(face()), TRACKED)
    for kind in ("travel", "size", "speed", "fast"):
        for name in ("opening", "lower", "chin"):
            assert half[f"{kind}_{name}"] == pytest.approx(0.5, abs=0.03), (kind, name)
            assert same[f"{kind}_{name}"] == pytest.approx(1, abs=0.02)
    assert 0.45 < half["opening_p95"] < 0.55
    assert absolute_sizes(TRACKED)["abs_opening_p95"] == pytest.approx(0.12, abs=0.03)
    # Size is not seen by the correlation: this is why it needs a score of its own.
    assert correlations(clips(face(0.5)), TRACKED)["r_opening"] == pytest.approx(1, abs=0.01)


def test_width_that_moves_alone_is_seen_by_its_own_measure_only():
    pucker = face(mouthPucker=0.3 * (np.arange(90) > 40))
    scores, plain = size_scores(clips(pucker), TRACKED), size_scores(clips(face()), TRACKED)
    assert scores["size_width"] > plain["size_width"] + 1
    assert scores["size_chin"] == pytest.approx(plain["size_chin"], abs=0.1)


def test_contact_shape_tells_lips_that_narrow_from_lips_that_widen():
    contact = np.exp(-0.5 * ((np.arange(90) / 30 - 1.45) / 0.05) ** 2)
    narrow = contact_shape(clips(face(mouthPucker=0.3 * contact)))
    wide = contact_shape(clips(face(mouthStretchLeft=0.4 * contact, mouthStretchRight=0.4 * contact)))
    assert narrow["bilabial_width"] < -0.01 < 0.005 < wide["bilabial_width"]


def test_onset_is_counted_from_the_first_phone_and_negative_before_it():
    # The mouth of `face` passes 30 % of its opening 0.09 s before its first vowel's peak at 1.25 s.
    late, early = onset_ms(clips(face())[0]), onset_ms(clips(face(lead_s=0.3))[0])
    assert late == pytest.approx(150, abs=20) and early == pytest.approx(late - 300, abs=10)
    assert onset_scores(clips(face()))["onset_ms"] == late
    assert onset_ms(clips(face(0.0))[0]) == 500, "a mouth that never opens has no onset"
    quick = Clip("q", np.arange(90) / 30, np.zeros((90, 6)), [("AA", 0.1, 0.5)])
    assert quick.rest is None and onset_ms(quick) is None


def test_the_best_lag_and_gain_are_found():
    found = at_its_best(clips(face(0.5, lead_s=-0.1)), TRACKED, latency_s=0.1)
    assert found["best_lag_ms"] == pytest.approx(100) and found["best_r"] > 0.98
    assert found["best_gain"] == pytest.approx(2, abs=0.15) and found["best_error"] < 0.2 * found["error"]
    assert found["undelayed_r"] < found["best_r"] - 0.5, "a face that is late by its latency too is no better"


def test_contacts_are_counted_by_phone_and_at_the_edges_of_speech():
    shut = contact_scores(clips(face(0.0)))
    assert shut["shut_L"] == shut["shut_S"] == shut["touch_first_L"] == 1 and shut["rest_away"] == 1
    assert shut["n_first_L"] == 1 and np.isnan(shut["touch_first_S"])
    # L, AA at the start and S, AA at the end are false contacts, EH and the first AA lie beside the M.
    assert 0 < shut["edge_contacts"] < 1
    open_ = contact_scores(clips(face() + 0.2 * np.eye(52, dtype=np.float32)[CHANNEL_INDEX["jawOpen"]]))
    assert open_["shut_L"] == open_["shut_EH"] == 0 and np.isnan(open_["edge_contacts"])
    assert ("AA", 0.0, 2) in contact_shares(open_)


def test_teeth_and_tongue_are_seen_where_the_pose_shows_them():
    phones = [("F", 1.0, 1.2), ("TH", 1.3, 1.5), ("EH", 1.6, 1.8)]
    at = Recording("x", np.zeros(48000, np.float32), phones, "")
    plain = inside_scores([rendered(at, face(0.2))])
    assert plain["fv_at_teeth"] == 0 and plain["tongue_TH"] == 0
    good = np.zeros((90, 52), np.float32)
    for (_, start, end), pose in zip(phones, (
        {"jawOpen": 0.05, "mouthRollLower": 0.8}, {"jawOpen": 0.1, "tongueOut": 0.6},
        {"jawOpen": 0.25, "mouthUpperUpLeft": 0.6, "mouthUpperUpRight": 0.6},
    ), strict=True):  # fmt: skip
        for channel, value in pose.items():
            good[int(30 * start) : int(30 * end) + 1, CHANNEL_INDEX[channel]] = value
    scores = inside_scores([rendered(at, good)])
    assert scores["fv_at_teeth"] == 1 and scores["fv_distance_mm"] < 1.5
    assert scores["tongue_TH"] == 1 and scores["incisors_EH_mm"] > 3
    assert inside_scores(TRACKED) == {}


def test_sides_and_dead_channels_and_another_take():
    t = np.arange(90) / 30
    mirrored = face(mouthSmileLeft=0.1 + 0.1 * np.sin(5 * t), mouthSmileRight=0.1 + 0.1 * np.sin(5 * t))
    uneven = face(mouthSmileLeft=0.1 + 0.1 * np.sin(5 * t), mouthSmileRight=0.1 + 0.1 * np.sin(5 * t + 1))
    assert life_scores(clips(mirrored))["sides_smile"] == pytest.approx(1)
    assert life_scores(clips(uneven))["sides_smile"] < 0.9
    assert np.isnan(life_scores(clips(mirrored))["sides_stretch"])
    assert "mouthSmileLeft" not in dead_channels(clips(uneven)) and "cheekPuff" in dead_channels(clips(uneven))
    assert take_scores(clips(face()), [face()])["take_lips_mm"] == 0
    other = take_scores(clips(face()), [face(0.9)])
    assert 0.1 < other["take_lips_mm"] < 3 and other["take_closure"] == 1


def test_the_energy_of_real_windows_against_themselves_is_least():
    same = energy_scores(clips(face()), TRACKED, clips(face()))
    small = energy_scores(clips(face(0.4)), TRACKED, clips(face(0.4)))
    assert same["energy_distance"] < 0.02 < small["energy_distance"]
    assert same["energy_score"] < small["energy_score"]
    # Two takes about the truth beat one take as far from it.
    spread = energy_scores(clips(face(1.1)), TRACKED, clips(face(0.9)))
    assert spread["energy_score"] < spread["energy_one_take"]


def test_tables_name_their_units_and_leave_out_what_nobody_has():
    rows = [Row("real", absolute_sizes(TRACKED)), Row("half", size_scores(clips(face(0.5)), TRACKED))]
    text = all_tables(rows)
    assert "outer-canthal distances" in text and "## Size: travel against real faces" in text
    assert "## Moods" not in text and "0.50" in text and set(LIP_MEASURES) <= set(text.replace("|", " ").split())
