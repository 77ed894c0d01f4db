"""Contrastive losses against literal loops, the personaliser, and moods in voice and face."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diffusiontalker.head import CLOSED_LIP_OPENING, lip_opening, load_head
from diffusiontalker.spec.channels import CHANNEL_INDEX
from training.articulation.emotion import EMOTION_NAMES
from training.articulation.generate import animate_phones
from training.articulation.style import library_styles
from training.data.prosody import act, stretch
from training.losses.contrastive import grouped_nce, library_nce, other_views, symmetric_nce
from training.models.library import EmbeddingLibrary
from training.models.personaliser import CrossFusion, Personaliser
from training.models.style_encoder import StyleEncoderConfig

RATE = 16000
SMALL = StyleEncoderConfig(d_model=16, n_layers=1, n_heads=2, d_feed_forward=16, d_identity=6, d_emotion=4)


def units(n, d, seed=0):
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=-1)


def slow_nce(a, b, group_a, group_b, scale, itself=False):
    """Mean over rows of the mean over their positives of -log softmax, by loops."""
    rows = []
    for i in range(len(a)):
        logits = [scale * float(a[i] @ b[j]) for j in range(len(b))]
        others = [j for j in range(len(b)) if not (itself and i == j)]
        total = np.log(sum(np.exp(logits[j]) for j in others))
        mine = [total - logits[j] for j in others if group_a[i] == group_b[j]]
        if mine:
            rows.append(np.mean(mine))
    return np.mean(rows)


def test_contrastive_losses_equal_their_definitions():
    a, b, scale = units(6, 5), units(6, 5, 1), torch.tensor(7.0, dtype=torch.float64)
    group = torch.tensor([0, 1, 0, 2, 3, 1])
    expected = slow_nce(a, b, group, group, 7.0)
    assert abs(grouped_nce(a, b, group, group, scale).item() - expected) < 1e-9
    both = 0.5 * (expected + slow_nce(b, a, group, group, 7.0))
    assert abs(symmetric_nce(a, b, group, scale).item() - both) < 1e-9
    assert abs(other_views(a, group, scale).item() - slow_nce(a, a, group, group, 7.0, itself=True)) < 1e-9
    index = torch.tensor([4, -1, 2, 0, -1, 1])
    keep = index >= 0
    expected = slow_nce(a[keep], b, index[keep], torch.arange(6), 7.0)
    assert abs(library_nce(a, b, index, scale).item() - expected) < 1e-9


def test_a_batch_without_library_voices_gives_no_loss():
    assert library_nce(units(3, 5), units(4, 5), torch.tensor([-1, -1, -1]), torch.tensor(7.0)).item() == 0


def test_the_nearest_entry_is_found_and_is_a_unit_vector():
    library = EmbeddingLibrary(5, 8)
    embeddings = library.embeddings().detach()
    torch.testing.assert_close(embeddings.norm(dim=-1), torch.ones(5))
    query = F.normalize(embeddings + 0.05 * torch.randn(5, 8), dim=-1)
    index, cosine = library.nearest(query)
    assert index.tolist() == [0, 1, 2, 3, 4] and (cosine > 0.8).all()


def test_style_depends_on_identity_and_emotion_and_the_table_holds_all_pairs():
    torch.manual_seed(0)
    model = Personaliser(SMALL, 3, 2, 10).eval()
    table = model.style_table()
    assert table.shape == (3, 2, 10)
    torch.testing.assert_close(table[2, 1], model.style(torch.tensor([2]), torch.tensor([1]))[0])
    distance = torch.cdist(table.reshape(6, 10), table.reshape(6, 10)) + 9 * torch.eye(6)
    assert distance.min() > 1e-3


def test_fusion_and_speech_agree_where_speech_hits_the_library():
    torch.manual_seed(0)
    fusion = CrossFusion(6, 4, 10)
    identity, emotion = torch.randn(2, 6), torch.randn(2, 4)
    assert fusion(identity, emotion).shape == (2, 10)
    assert not torch.allclose(fusion(identity, emotion), fusion(identity, emotion.flip(0)))


def test_the_style_encoder_ignores_the_level_of_a_recording():
    torch.manual_seed(0)
    encoder = Personaliser(SMALL, 3, 2, 10).encoder.eval()
    mel = torch.randn(2, 120, 80)
    for soft, loud in zip(encoder(mel), encoder(mel + 3.0), strict=True):
        torch.testing.assert_close(soft, loud, atol=1e-5, rtol=0)


def syllables(seconds=3.0, pitch_hz=120.0):
    t = np.arange(int(seconds * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * k * pitch_hz * t) / k for k in range(1, 30))
    return (0.1 * voice * np.clip(np.sin(2 * np.pi * 2.0 * t), 0, 1) ** 2).astype(np.float32)


def envelope(audio):
    return np.sqrt(np.convolve(audio.astype(np.float64) ** 2, np.ones(320) / 320, "same"))[::80]


@pytest.mark.parametrize("tempo", [0.8, 1.0, 1.15])
def test_stretched_speech_keeps_its_timing(tempo):
    audio = syllables()
    old, new = envelope(audio), envelope(stretch(audio, 2.0, tempo))
    expected = np.interp(np.arange(len(new)) * tempo, np.arange(len(old)), old)
    lags = range(-20, 21)  # of 5 ms
    best = max(lags, key=lambda k: np.corrcoef(np.roll(expected, k), new)[0, 1])
    assert abs(best) <= 2 and abs(len(new) * tempo - len(old)) <= 2


def pitch_of(audio):
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    band = slice(int(80 * len(audio) / RATE), int(230 * len(audio) / RATE))
    return (band.start + np.argmax(spectrum[band])) * RATE / len(audio)


def test_moods_change_pitch_in_their_direction():
    rng = np.random.default_rng(0)
    pitch = {name: pitch_of(act(syllables(), name, rng)[0]) for name in EMOTION_NAMES}
    assert abs(pitch["neutral"] - 120) < 1
    assert pitch["sad"] < 116 < 124 < pitch["happy"] < pitch["surprised"]


@pytest.mark.slow
@pytest.mark.parametrize("emotion", EMOTION_NAMES)
def test_a_mood_shows_but_bilabials_still_close(emotion):
    phones = [
        ("SIL", 0.0, 0.4),
        ("B", 0.4, 0.5),
        ("AA", 0.5, 0.8),
        ("M", 0.8, 0.9),
        ("IY", 0.9, 1.2),
        ("SIL", 1.2, 2.0),
    ]
    times = np.arange(60) / 30
    audio, head = syllables(2.0), load_head()
    for style in library_styles().values():
        weights = animate_phones(phones, audio, RATE, times, style, 3, emotion)
        gap = lip_opening(head, weights)
        for start, end in ((0.4, 0.5), (0.8, 0.9)):
            assert gap[(times >= start) & (times <= end)].min() < CLOSED_LIP_OPENING
        neutral = animate_phones(phones, audio, RATE, times, style, 3)
        brow = [CHANNEL_INDEX[c] for c in ("browInnerUp", "browDownLeft", "mouthSmileLeft", "mouthFrownLeft")]
        shown = np.abs(weights - neutral)[20:, brow].max()
        assert shown == 0 if emotion == "neutral" else shown > 0.15
