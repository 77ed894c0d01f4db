"""What the tests of training commands share."""

import sys

import pytest
import torch


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
