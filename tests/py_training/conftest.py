"""What the tests of training commands share."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import diffusiontalker
from training.export.bundle import write_bundle
from training.export.trained import load_talker
from training.models.talker import Talker

BASE = Path(diffusiontalker.__file__).parent / "bundles" / "base"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the main of a command with words; files are named relative to tmp_path."""
    monkeypatch.chdir(tmp_path)

    def call(command, *words) -> None:
        monkeypatch.setattr(sys, "argv", [command.__name__, *map(str, words)])
        assert command.main() in (None, 0)

    threads = torch.get_num_threads()
    yield call
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """(talker, its bundle): the shipped one with a single layer where it has many, since exporting takes long."""
    student, about = load_talker(BASE)
    config = student.config
    shallow = Talker(
        replace(
            config, encoder=replace(config.encoder, n_layers=1), style=replace(config.style, n_layers=1),
            denoiser=replace(config.denoiser, n_layers=1, n_free_layers=1),
        )
    ).eval()  # fmt: skip
    own = student.state_dict()
    shallow.load_state_dict({name: own[name] for name in shallow.state_dict() if name in own}, strict=False)
    shallow.personaliser.keep_styles(student.personaliser.style_table())
    bundle = tmp_path_factory.mktemp("exported") / "b"
    write_bundle(shallow, about, bundle, "b", "0", None)
    return shallow, bundle
