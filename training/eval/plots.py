"""Plots of an evaluation, drawn without a display."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.spec.mel import MelSpec, log_mel
from diffusiontalker.spec.rates import FPS, SAMPLE_RATE_HZ
from training.eval.report import Column, Row
from training.eval.scores_speech import BILABIAL, JAW_OPEN, Phone

MEL_HZ = 100
MOST_CURVES = 4


def plot_curves(
    file: Path,
    title: str,
    audio: np.ndarray,
    phones: list[Phone],
    curves: dict[str, np.ndarray],
    measured_gap: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Jaw and lip opening of one clip under its log-mel spectrogram, on one time axis; p/b/m are shaded.
    curves: label -> weights [n, 52]; the first is drawn black, as the truth; only MOST_CURVES others are drawn.
    measured_gap: (times [m] in seconds, tracked lip opening [m] in outer-canthal distances)."""
    mel = log_mel(audio, MelSpec())
    figure, (top, jaw, gap) = plt.subplots(3, 1, figsize=(11, 7), sharex=True, height_ratios=(1.2, 1, 1))
    # Mel frame m is centred on m / 100 s.
    extent = (-0.5 / MEL_HZ, (len(mel) - 0.5) / MEL_HZ, 0, mel.shape[1])
    top.imshow(mel.T, origin="lower", aspect="auto", extent=extent, cmap="magma")
    top.set_ylabel("mel bin")
    top.set_title(title)
    for name, start, end in phones:
        if name in BILABIAL:
            for axis in (jaw, gap):
                axis.axvspan(start, end, color="tab:blue", alpha=0.15, linewidth=0)
        if name != "SIL":
            top.text((start + end) / 2, mel.shape[1] * 0.93, name, color="white", fontsize=7, ha="center")
    if measured_gap is not None:
        gap.plot(*measured_gap, color="0.4", linestyle="--", label="tracked")
    for k, (label, weights) in enumerate(list(curves.items())[: MOST_CURVES + 1]):
        times = np.arange(len(weights)) / FPS
        style = {"color": "black", "linewidth": 2} if k == 0 else {"color": f"C{k}", "linewidth": 1.2}
        jaw.plot(times, weights[:, JAW_OPEN], label=label, **style)
        gap.plot(times, lip_opening(load_head(), weights), label=label, **style)
    gap.axhline(CLOSED_LIP_OPENING, color="0.5", linewidth=0.8, linestyle=":")
    jaw.set_ylabel("jawOpen")
    gap.set_ylabel("lip opening / eye corners")
    gap.set_xlabel("seconds; p b m shaded")
    gap.set_xlim(0, len(audio) / SAMPLE_RATE_HZ)
    gap.legend(fontsize=8, loc="upper right")
    _save(figure, file)


def plot_steps(file: Path, rows: list[Row], columns: list[Column]) -> bool:
    """Every score against the number of sampler steps, one panel per score, one line per model name. Returns False, and
    draws nothing, when no model was run with two numbers of steps."""
    steps: dict[str, set[int]] = {}
    for row in rows:
        if row.n_steps is not None:
            steps.setdefault(row.name, set()).add(row.n_steps)
    names = [name for name, counts in steps.items() if len(counts) > 1]
    shown = [c for c in columns if any(c.cell(r) != "-" for r in rows if r.name in names)]
    if not names or not shown:
        return False
    across = 4
    down = -(-len(shown) // across)
    figure, axes = plt.subplots(down, across, figsize=(3.2 * across, 2.6 * down), squeeze=False)
    for axis in axes.ravel()[len(shown) :]:
        axis.set_visible(False)
    for axis, column in zip(axes.ravel(), shown, strict=False):
        for name in names:
            points = sorted((r.n_steps, r.scores[column.key]) for r in rows if r.name == name and column.cell(r) != "-")
            axis.plot(*zip(*points, strict=True), marker="o", label=name)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%d"))
        axis.set_title(column.title, fontsize=9)
        axis.grid(alpha=0.3)
        if column.key == "ms_per_frame":
            axis.set_yscale("log")
    axes[0, 0].legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("sampler steps")
    _save(figure, file)
    return True


def plot_latency(file: Path, rows: list[Row], columns: list[Column]) -> None:
    """One panel per score against latency_ms, profiles named by their hop."""
    shown = [c for c in columns if any(c.cell(r) != "-" for r in rows)]
    figure, axes = plt.subplots(1, len(shown), figsize=(3.6 * len(shown), 3.2), squeeze=False)
    for axis, column in zip(axes[0], shown, strict=True):
        by_hop: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            by_hop.setdefault(row.name.split("/")[1], []).append((row.scores["latency_ms"], row.scores[column.key]))
        for hop, points in by_hop.items():
            axis.plot(*zip(*sorted(points), strict=True), marker="o", label=f"hop {int(hop) * 1000 / FPS:.0f} ms")
        axis.set_title(column.title, fontsize=9)
        axis.set_xlabel("latency, ms")
        axis.set_xscale("log")
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8)
    _save(figure, file)


def _save(figure, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    plt.close(figure)
