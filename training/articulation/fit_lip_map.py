"""The coefficients of lip_map.npz, from tracked lips:
`python -m training.articulation.fit_lip_map --tracked DIR/measures.json --phones DIR/lips.json`

Ridge regression of the six measures on the phones around each video frame. The ridge pulls towards the map that the
dominance rules of coarticulation.py make on random phone sequences, so a phone that was hardly recorded moves as the
rules have it. A regression moves less than what it is fitted to, by what it cannot explain; the result is scaled back
to the range of the tracked lips, measure by measure, so that the size is right here and needs no gain later."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from diffusiontalker.head.measures import LIP_MEASURES
from training.articulation.coarticulation import articulate, bilabial_seal, labiodental_tuck
from training.articulation.gestures import mouth_weights
from training.articulation.lip_fit import measured
from training.articulation.lip_map import FILE, LAGS_S, phone_shares
from training.articulation.phones import TARGETS, Phone
from training.articulation.style import TalkingStyle

NAMES = tuple(sorted(TARGETS))
# The rules weigh as much as so many video frames of a phone at one lag.
RIDGE_FRAMES = 10.0
SOURCES = ("gap", "width", "upper", "lower", "chin", "protr")  # of the file of measures, in the order of LIP_MEASURES
REST_BEFORE_S = 0.3  # frames so long before the first phone show the face at rest
FEWEST_REST_FRAMES = 4
RANGE = (5, 95)  # percentiles between which the size of a movement is taken
N_RULES, RULES_S = 300, 4.0  # random phone sequences that show what the rules do, and how long they are


def tracked_clips(measures: dict, about: dict) -> list[tuple[list[Phone], np.ndarray, np.ndarray]]:
    """(phones, times [n], measures [n, 6]: opening, and changes from the clip's rest) of every clip with a rest."""
    clips = []
    for name, tracked in measures.items():
        phones = [(str(p).rstrip("012"), float(s), float(e)) for p, s, e in about[name]["phones"]]
        values = np.stack([np.array(tracked[k], np.float64) for k in SOURCES], axis=1)
        times = (np.arange(len(values)) + 0.5) / tracked["fps"]
        rest = times < min(s for p, s, _ in phones if p != "SIL") - REST_BEFORE_S
        if rest.sum() < FEWEST_REST_FRAMES or not np.isfinite(values).all():
            continue
        values[:, 1:] -= np.median(values[rest], axis=0)[1:]
        clips.append((phones, times, values))
    return clips


def rules_clips(seed: int = 0) -> list[tuple[list[Phone], np.ndarray, np.ndarray]]:
    """The rules' own measures over random phones, in the form of tracked_clips."""
    rng = np.random.default_rng(seed)
    spoken = [n for n in NAMES if n != "SIL"]
    clips = []
    for _ in range(N_RULES):
        phones, now = [("SIL", 0.0, 0.5)], 0.5
        while now < RULES_S - 0.6:
            end = now + rng.uniform(0.05, 0.16)
            phones.append((spoken[rng.integers(len(spoken))], now, end))
            now = end
        phones.append(("SIL", now, RULES_S))
        times = np.arange(0, RULES_S, 0.04) + 0.02
        weights = mouth_weights(
            articulate(phones, times), bilabial_seal(phones, times), labiodental_tuck(phones, times),
            np.zeros(len(times)), TalkingStyle(),
        )  # fmt: skip
        clips.append((phones, times, measured(weights)))
    return clips


def regression(clips: list, prior: np.ndarray, ridge: float) -> np.ndarray:
    """Coefficients [features, 6] that are least squares on the clips, pulled towards `prior` by `ridge` frames."""
    x = np.concatenate([phone_shares(p, t, NAMES).reshape(len(t), -1) for p, t, _ in clips])
    y = np.concatenate([m for _, _, m in clips])
    gram = x.T @ x + ridge * np.eye(x.shape[1])
    return np.linalg.solve(gram, x.T @ (y - x @ prior)) + prior


def full_size(clips: list, coefficients: np.ndarray) -> np.ndarray:
    """Coefficients scaled so that the range of each measure within speech is that of the clips, in the median."""
    ratios = []
    for phones, times, values in clips:
        spoken = [p for p in phones if p[0] != "SIL"]
        inside = (times > spoken[0][1]) & (times < spoken[-1][2])
        made = phone_shares(phones, times, NAMES).reshape(len(times), -1) @ coefficients
        ratios.append(np.ptp(np.percentile(values[inside], RANGE, axis=0), axis=0)
                      / np.ptp(np.percentile(made[inside], RANGE, axis=0), axis=0))  # fmt: skip
    return coefficients * np.median(ratios, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tracked", type=Path, required=True, help="JSON {NAME: {fps, gap, width, ..}}")
    parser.add_argument("--phones", type=Path, required=True, help="JSON {NAME: {phones: [[name, start_s, end_s]]}}")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    clips = tracked_clips(json.loads(args.tracked.read_text()), json.loads(args.phones.read_text()))
    n_features = len(LAGS_S) * len(NAMES)
    prior = regression(rules_clips(), np.zeros((n_features, len(LIP_MEASURES))), 1.0)
    folds = np.arange(len(clips)) % 5
    held_out = []
    for k in range(5):
        trained = regression([c for c, f in zip(clips, folds, strict=True) if f != k], prior, RIDGE_FRAMES)
        for phones, times, values in (c for c, f in zip(clips, folds, strict=True) if f == k):
            made = phone_shares(phones, times, NAMES).reshape(len(times), -1) @ trained
            held_out.append([np.corrcoef(made[:, i], values[:, i])[0, 1] for i in range(len(LIP_MEASURES))])
    print("held-out r:", dict(zip(LIP_MEASURES, np.mean(held_out, axis=0).round(3), strict=True)))
    coefficients = full_size(clips, regression(clips, prior, RIDGE_FRAMES))
    shape = (len(LAGS_S), len(NAMES), len(LIP_MEASURES))
    np.savez_compressed(args.out, phones=np.array(NAMES), coefficients=coefficients.reshape(shape).astype(np.float16))
    print(f"{args.out}: {args.out.stat().st_size} bytes, {len(clips)} clips")


if __name__ == "__main__":
    main()
