"""Rivals that run here, installed on demand into an untracked folder and never part of this project:

npm install --prefix training/eval/rival_scripts
pip install --target training/eval/rival_scripts/python openfacefx==0.24.0

Rhubarb and wawa-lipsync take the sound alone; OpenFaceFX takes phones, text or the loudness. All are MIT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from training.eval.baselines import Animator
from training.eval.node_script import SCRIPTS
from training.eval.openfacefx_baseline import OpenFaceFx
from training.eval.recordings import Recording
from training.eval.rhubarb_baseline import RhubarbBaseline
from training.eval.wawa_baseline import WawaBaseline

RIVALS_FOLDER = SCRIPTS


def open_rivals(
    folder: Path, recordings: list[Recording], leave_out: set[str]
) -> tuple[list[tuple[str, Animator]], list[str]]:
    """(name, animator) of those that are installed, and a sentence per one that is not. leave_out: names not wanted."""
    made: dict[str, Callable[[], Animator]] = {
        "Rhubarb": lambda: RhubarbBaseline(folder),
        "wawa-lipsync": lambda: WawaBaseline(folder),
        "OpenFaceFX, true phones": lambda: OpenFaceFx(folder, "phones", recordings),
        "OpenFaceFX, true text": lambda: OpenFaceFx(folder, "text", recordings),
        "OpenFaceFX, loudness": lambda: OpenFaceFx(folder, "loudness", recordings),
    }
    found, missing = [], []
    for name, make in made.items():
        if name in leave_out:
            continue
        try:
            found.append((name, make()))
        except ValueError as error:
            missing.append(f"The row of {name} is left out: {error}.")
    return found, missing
