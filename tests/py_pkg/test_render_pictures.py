"""Pictures of the head: what must be seen in them, contact sheet and video."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from export_support import random_animation, weights_of

from diffusiontalker.errors import BackendError, InputError, OutputError
from diffusiontalker.head import load_head
from diffusiontalker.render import VIEWS, contact_sheet, render_frames, write_video
from diffusiontalker.render.scene import FOV_Y_DEG, camera

SIZE = 240


def picture(view: str = "face", size: int = SIZE, **channels: float) -> np.ndarray:
    return next(render_frames(load_head(), weights_of(**channels), size, view)).astype(int)


def place(points: np.ndarray, view: str = "face", size: int = SIZE) -> np.ndarray:
    """Pixel (x, y) of points [n, 3] in metres."""
    eye, target = (np.array(p) for p in camera(view))
    back = (eye - target) / np.linalg.norm(eye - target)
    right = np.cross([0, 1, 0], back)
    right /= np.linalg.norm(right)
    offset = points - eye
    scale = size / 2 / np.tan(np.radians(FOV_Y_DEG / 2)) / -(offset @ back)
    return np.stack([size / 2 + offset @ right * scale, size / 2 - offset @ np.cross(back, right) * scale], axis=-1)


def around(image: np.ndarray, points: np.ndarray, reach: int = 2) -> np.ndarray:
    """Pixels around the middle of some points, [k, 3]."""
    x, y = place(points).mean(axis=0).round().astype(int)
    return image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3)


def mouth_points() -> np.ndarray:
    head = load_head()
    return head.positions[np.concatenate([head.inner_upper_lip[2], head.inner_lower_lip[2]])]


def test_render_pupil_iris_and_white_differ():
    image, head = picture(), load_head()
    assert around(image, head.eye_centres[:1] + [0, 0, 0.015], 1).mean() < 90, "the pupil is dark"
    white = head.eye_centres[:1] + [0.0095, 0, 0.0115]
    brown = head.eye_centres[:1] + [0.0045, 0, 0.0142]
    assert around(image, white, 0).mean() > 1.5 * around(image, brown, 0).mean()
    r, _, b = around(image, brown, 0).mean(axis=0)
    assert r > 1.2 * b, "the iris is brown"


def test_render_blink_hides_the_eyes():
    head = load_head()
    eyes = head.eye_centres[:1] + [0, 0, 0.015]
    skin = around(picture(eyeBlinkLeft=1, eyeBlinkRight=1), eyes, 1)
    assert skin.mean() > around(picture(), eyes, 1).mean() + 60


def test_render_lips_are_redder_than_the_chin():
    image, head = picture(), load_head()
    lip = head.positions[head.lip_mask > 0.99]
    lip = lip[(lip[:, 1] < mouth_points()[:, 1].mean() - 0.004) & (np.abs(lip[:, 0]) < 0.01)]
    chin = lip.mean(axis=0, keepdims=True) - [0, 0.02, 0]
    ratio = [around(image, p, 1).mean(axis=0) for p in (lip, chin)]
    assert ratio[0][0] / ratio[0][1] > 1.15 * ratio[1][0] / ratio[1][1]


def test_render_mouth_opens_with_the_jaw_only():
    """Open: teeth and tongue; sealed by mouthClose: lips as in the neutral face."""
    closed = around(picture(), mouth_points())
    sealed = around(picture(jawOpen=0.2, mouthClose=0.2), mouth_points())
    opened = picture(jawOpen=0.6)
    head = load_head()
    lips = head.vertices_at(weights_of(jawOpen=0.6), np.stack([head.inner_upper_lip[2], head.inner_lower_lip[2]]))[0]
    x, top, bottom = *place(lips[0]).min(axis=0), place(lips[1])[:, 1].max()
    assert bottom - top > 20
    hole = opened[int(top) + 4 : int(bottom) - 4, int(x)]
    assert (hole.min(axis=1) > 150).any() and not (closed.min(axis=1) > 150).any(), "teeth are seen"
    tongue = hole[len(hole) // 3]
    assert 1.3 < tongue[0] / tongue[1] and tongue.mean() < 130, "and the tongue, in the shade"
    assert np.abs(sealed.mean(axis=0) - closed.mean(axis=0)).max() < 25


def test_render_pucker_narrows_the_lips():
    def width(**channels) -> int:
        image = picture(**channels)
        y = place(mouth_points())[:, 1].mean()
        rows = image[int(y) - 8 : int(y) + 9]
        red = (rows[..., 0] > 1.55 * rows[..., 1]).any(axis=0)
        return int(np.ptp(np.flatnonzero(red)))

    assert width(mouthPucker=1) < 0.9 * width()


@pytest.mark.parametrize("view", VIEWS)
def test_render_is_clean(view):
    """No speckles: hardly a pixel is brighter or darker than all its neighbours by much."""
    image = picture(view, 320)
    light = image.mean(axis=2)
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    around_it = np.stack([np.roll(light, shift, (0, 1)) for shift in shifts])[:, 1:-1, 1:-1]
    inner = light[1:-1, 1:-1]
    speckles = np.maximum(inner - around_it.max(axis=0), around_it.min(axis=0) - inner) > 25
    assert speckles.sum() <= 9, np.argwhere(speckles)  # a few at the corners of the eyes, where edges meet
    assert (np.ptp(image[:4, :4].reshape(-1, 3), axis=0) < 4).all(), "the corner is background"


def test_render_is_repeatable_and_does_not_depend_on_the_batch():
    head = load_head()
    weights = np.concatenate([weights_of(), weights_of(jawOpen=0.5), weights_of()])
    images = list(render_frames(head, weights, 96))
    assert np.array_equal(images[0], images[2])
    assert np.array_equal(images[1], next(render_frames(head, weights[1:2], 96)))
    assert not np.array_equal(images[0], images[1])


def test_render_bad_arguments():
    with pytest.raises(InputError, match="front, three-quarter, face"):
        render_frames(load_head(), weights_of(), 64, "behind")
    with pytest.raises(InputError, match="8192"):
        next(render_frames(load_head(), weights_of(), 0))
    with pytest.raises(InputError, match=r"\[1, 51\]"):
        render_frames(load_head(), np.zeros((1, 51)), 64)


@pytest.fixture
def sound(tmp_path):
    samples = 0.3 * np.sin(2 * np.pi * 220 * np.arange(22050 * 2) / 22050)
    soundfile.write(tmp_path / "sound.wav", np.stack([samples, samples], axis=1), 22050)
    return tmp_path / "sound.wav"


@pytest.mark.parametrize("n", [1, 5, 12])
def test_render_sheet_size_and_content(tmp_path, sound, n):
    from PIL import Image

    contact_sheet(random_animation(60), tmp_path / "sheet.png", n=n, size=96, audio_path=sound)
    image = np.asarray(Image.open(tmp_path / "sheet.png"))
    columns, rows = min(n, 4), -(-n // 4)
    assert image.shape[1] == 96 * columns and image.shape[0] > 96 * rows + 100
    plot = image[96 * rows :].reshape(-1, 3)
    for color in ((24, 95, 165), (214, 108, 24)):
        assert (np.abs(plot.astype(int) - color).max(axis=1) < 30).sum() > 50
    with pytest.raises(OutputError, match="exists already"):
        contact_sheet(random_animation(60), tmp_path / "sheet.png", n=n, size=96)


def test_render_sheet_of_fewer_frames_than_pictures(tmp_path):
    contact_sheet(random_animation(3), tmp_path / "sheet.png", n=12, size=64)
    with pytest.raises(InputError, match="no frames"):
        contact_sheet(random_animation(0), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


@pytest.mark.parametrize("with_sound", [True, False])
def test_render_video_has_every_frame_and_the_sound(tmp_path, sound, with_sound):
    av = pytest.importorskip("av", reason="PyAV is not installed: the video was not tested")
    anim = random_animation(45, 30000, 1001)
    done = []
    write_video(anim, sound if with_sound else None, tmp_path / "a.mp4", size=64, progress=done.append)
    with av.open(str(tmp_path / "a.mp4")) as f:
        video = f.streams.video[0]
        assert video.codec_context.name == "h264" and (video.width, video.height) == (64, 64)
        assert video.average_rate == Fraction(30000, 1001)
        assert sum(1 for _ in f.decode(video)) == 45
    assert len(done) == 45 and done[-1] == pytest.approx(45 * 1001 / 30000)
    with av.open(str(tmp_path / "a.mp4")) as f:
        assert bool(f.streams.audio) == with_sound
        if with_sound:
            assert f.streams.audio[0].codec_context.name == "aac"
            n = sum(frame.samples for frame in f.decode(f.streams.audio[0]))
            assert n / 48000 == pytest.approx(1.5, abs=2 * 1024 / 48000)  # as long as the pictures, in whole AAC frames


def test_render_video_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BackendError, match="pip install"):
        write_video(random_animation(3), None, tmp_path / "a.mp4")


def test_render_video_bad_arguments_leave_nothing(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed: the video was not tested")
    for size in (63, 0, 5000):
        with pytest.raises(InputError, match="even number"):
            write_video(random_animation(3), None, tmp_path / "a.mp4", size=size)
    with pytest.raises(InputError, match="does not exist"):
        write_video(random_animation(3), tmp_path / "no.wav", tmp_path / "a.mp4", size=64)
    assert list(tmp_path.iterdir()) == []
