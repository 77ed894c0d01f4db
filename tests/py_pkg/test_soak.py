"""`python -m benchmarks.soak`: a conversation too long to be played again whole is compared by its beginning."""

from __future__ import annotations

import json

import numpy as np
import pytest

import diffusiontalker as dt
from benchmarks.soak.__main__ import main
from benchmarks.soak.script import Clip, Conversation, replay, replay_beginning


@pytest.fixture(scope="module")
def clip():
    at = np.arange(32000)
    return Clip((np.sin(at * 0.05) * np.sin(at * 0.0008) * 0.3).astype(np.float32))


def test_the_beginning_of_a_conversation_has_a_digest_of_its_own(tiny_bundle, clip):
    model = dt.load(tiny_bundle, backend="cpu")
    conversation = Conversation(model, model.stream(profile="live"), clip, (1, 0, 0), 12, early_s=5)
    while not conversation.is_over:
        conversation.step()
    done = conversation.finish()
    assert 0 < done.early_steps < done.n_steps
    assert done.early_digest != done.digest

    def again(seed, n_steps):
        return replay_beginning(model, model.stream(profile="live"), clip, seed, 12, n_steps)

    assert again((1, 0, 0), done.early_steps) == done.early_digest
    assert again((1, 0, 1), done.early_steps) != done.early_digest
    assert replay(model, model.stream(profile="live"), clip, (1, 0, 0), 12, done.n_steps).digest == done.digest


@pytest.mark.slow
@pytest.mark.parametrize(("longest", "compared_s"), [(6, 6), (60, 18)])
def test_a_soak_says_how_much_was_compared_and_ends_well(tiny_bundle, tmp_path, longest, compared_s):
    out = tmp_path / "result.json"
    arguments = ["--bundle", str(tiny_bundle), "--backend", "cpu", "--profiles", "live,live", "--hours", "0.005"]
    assert main([*arguments, "--longest-replay", str(longest), "--check-every", "1", "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    conversation, sessions = result["streams"]
    assert result["broken"] == []
    assert (conversation["n_compared"], conversation["n_equal"]) == (1, 1)
    assert conversation["compared_h"] * 3600 == pytest.approx(compared_s, abs=3)
    assert sessions["n_compared"] == sessions["n_equal"] > 0
