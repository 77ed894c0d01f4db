"""The page that plays a take: what is in the file, and what a browser makes of it."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from browser_support import Browser, browser_path
from export_support import random_animation, weights_of
from test_own_head_pictures import foreign

from diffusiontalker.api.animation import Animation
from diffusiontalker.cli.main import main
from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head
from diffusiontalker.io import save_animation
from diffusiontalker.render import Take, write_page
from diffusiontalker.render.scene import render_frames
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

WEB_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "web" / "index.html"

RATE = 16000
STATE = "player.state(player.takes[0], %r)"
# Whether the frame lies between the clock of the sound before and after it was drawn, at five moments.
ON_TIME = """Array.from({length: 5}, () => {
  const before = player.time;
  player.show();
  const frame = player.states[0].frame;
  return frame >= Math.min(29, Math.floor(before * 30)) && frame <= player.time * 30 + 1e-3;
}).every(Boolean)"""


class Page:
    """A written page: its document and the arrays that it names."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self.document = json.loads(self.script("document"))
        self.data = zlib.decompress(base64.b64decode(self.script("bytes")))

    def script(self, name: str) -> str:
        return re.search(rf'<script type="[^"]+" id="{name}">(.*?)</script>', self.text, re.DOTALL)[1]

    def array(self, ref) -> np.ndarray:
        kind, begin, n = ref
        return np.frombuffer(self.data, f"<{kind}", n, begin)

    def file(self, entry) -> bytes:
        return self.data[entry["begin"] : entry["begin"] + entry["size"]]


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """(a second of animation, its sound)."""
    path = tmp_path_factory.mktemp("page") / "talk.wav"
    tone = (0.4 * np.sin(np.arange(RATE) * 0.2) * (np.arange(RATE) < RATE // 2)).astype(np.float32)
    soundfile.write(path, np.stack([tone, tone], 1), RATE)
    return random_animation(30, pose=True), path


def test_the_page_holds_weights_sound_and_nothing_of_elsewhere(tmp_path, talk):
    animation, sound = talk
    write_page([Take("a <b> & </script>", animation)], tmp_path / "a.html", sound)
    page = Page(tmp_path / "a.html")
    assert page.document["takes"][0]["name"] == "a <b> & </script>"
    assert html.escape("a <b> & </script>") in page.text and page.text.count("</script>") == 3
    (weights,) = page.document["takes"][0]["weights"].values()
    assert np.array_equal(page.array(weights).reshape(30, 52), animation.weights)
    moves = page.array(page.document["takes"][0]["moves"]).reshape(30, 3, 4)[:, :, :3]
    np.testing.assert_allclose(moves @ moves.transpose(0, 2, 1), np.tile(np.eye(3), (30, 1, 1)), atol=1e-5)
    played, rate = soundfile.read(io.BytesIO(page.file(page.document["sound"])))
    recorded, _ = soundfile.read(sound)
    assert rate == RATE and np.abs(played - recorded[:, 0]).max() < 1e-4
    wave = page.array(page.document["wave"])
    assert wave[: len(wave) // 2 - 10].min() > 0.5 and wave[len(wave) // 2 + 10 :].max() == 0
    assert not re.search(
        r"https?:|src=|href=|@import|url\(|import\(|fetch\(", re.sub(r'id="bytes">[^<]*', "", page.text)
    )


def test_curves_are_the_channels_and_the_mean_of_two_sides(tmp_path, talk):
    write_page([Take("a", talk[0])], tmp_path / "a.html")
    page = Page(tmp_path / "a.html")
    curves = {c["name"]: page.array(c["values"][0]) for lane in page.document["lanes"] for c in lane["curves"]}
    assert np.array_equal(curves["jawOpen"], talk[0].channel("jawOpen"))
    np.testing.assert_allclose(
        curves["eyeBlink"], (talk[0].channel("eyeBlinkLeft") + talk[0].channel("eyeBlinkRight")) / 2
    )
    np.testing.assert_allclose(curves["head yaw (degrees)"], np.degrees(talk[0].head_pose[:, 0]), rtol=1e-6)
    assert page.document["sound"] is None and page.document["duration_s"] == 1


@pytest.mark.parametrize(
    ("animation", "says"),
    [
        (random_animation(0), "no frames"),
        (Animation(np.zeros((3, 9), np.float32), (), 30, space="vertices"), "this motion is of vertices"),
        (Animation(np.zeros((1201, 1), np.float32), ("jawOpen",), 1), "longer than 1200 s"),
    ],
)
def test_what_a_page_cannot_show(tmp_path, animation, says):
    with pytest.raises(InputError, match=says):
        write_page([Take("a", animation)], tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_commands_write_pages(tmp_path, monkeypatch, tiny_bundle, talk, capsys):
    monkeypatch.chdir(tmp_path)
    model = ["--bundle", str(tiny_bundle), "--backend", "reference", "--quiet"]
    assert main(["animate", str(talk[1]), "-o", "talk.html", "-o", "talk.npz", *model]) == 0
    saved = np.load(tmp_path / "talk.npz")["weights"]
    page = Page(tmp_path / "talk.html")
    (weights,) = page.document["takes"][0]["weights"].values()
    assert np.array_equal(page.array(weights).reshape(-1, 52), saved) and page.document["sound"]
    save_animation(random_animation(3), tmp_path / "hero.glb")
    foreign(tmp_path / "hero.glb")
    assert main(["render", "hero.glb", "-o", "hero.html"]) == 0
    assert "the page is silent: --audio FILE" in capsys.readouterr().err
    assert main(["render", "talk.npz", "--head", "hero.glb", "--audio", str(talk[1]), "-o", "two.html"]) == 0
    assert Page(tmp_path / "two.html").document["sound"]
    assert main(["animate", str(talk[1]), "--head", "hero.glb", "-o", "own.html", *model]) == 0
    assert main(["convert", "talk.npz", "-o", "x.html"]) == 2


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser_path()
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def head_of_page(browser) -> np.ndarray:
    """The canvas of the head as it is on the screen."""
    x, y, w, h = browser.run(
        "(r => [r.x, r.y, r.width, r.height])(document.querySelector('#views canvas').getBoundingClientRect())"
    )
    return browser.picture()[int(y) : int(y + h), int(x) : int(x + w)]


@pytest.mark.slow
def test_a_browser_shows_each_frame_with_the_weights_of_the_file(browser, tmp_path, talk):
    animation, sound = talk
    write_page([Take("a", animation)], tmp_path / "a.html", sound)
    browser.open(tmp_path / "a.html")
    for k in (0, 7, 29):
        browser.run(f"player.seek({k / 30})")
        # The clock of a sound goes in its own steps; the frame is what is asked for here.
        state = browser.run(
            f"(s => [s.frame, ...Object.values(s.weights).map(w => Array.from(w))])({STATE % (k / 30)})"
        )
        assert state[0] == k
        np.testing.assert_allclose(state[1], animation.weights[k], atol=1e-5)
    between = browser.run(f"Array.from(Object.values({STATE % 0.25}.weights)[0])")
    np.testing.assert_allclose(between, (animation.weights[7] + animation.weights[8]) / 2, atol=1e-5)
    assert browser.errors == []


@pytest.mark.slow
def test_the_picture_follows_the_clock_of_the_sound(browser, tmp_path, talk):
    animation, sound = talk
    write_page([Take("a", animation)], tmp_path / "a.html", sound)
    browser.open(tmp_path / "a.html", "#t=0.4")
    browser.wait("Math.abs(player.sound.currentTime - 0.4) < 0.02 && player.states[0].frame === 12")
    browser.key(" ")
    browser.wait("player.sound.currentTime > 0.6")
    assert browser.run(ON_TIME)
    browser.wait("!player.playing && player.states[0].frame === 29")
    assert browser.run("document.getElementById('play').getAttribute('aria-label')") == "Play"
    browser.key("Home")
    browser.wait("player.states[0].frame === 0")
    browser.key("ArrowRight")
    browser.key("ArrowRight")
    browser.wait("player.states[0].frame === 2")
    assert browser.errors == []


@pytest.mark.slow
def test_a_silent_page_plays_by_its_own_clock(browser, tmp_path, talk):
    write_page([Take("a", talk[0])], tmp_path / "a.html")
    browser.open(tmp_path / "a.html")
    browser.run("document.getElementById('play').click()")
    browser.wait("player.time > 0.2 && player.states[0].frame > 3")
    browser.wait("!player.playing && player.states[0].frame === 29")
    assert browser.errors == []


@pytest.mark.slow
def test_the_head_of_the_page_is_that_of_the_pictures(browser, tmp_path):
    """Shape and light agree with the rasteriser: closed and open mouth, straight and turned."""
    weights = np.concatenate([weights_of(), weights_of(jawOpen=0.7)])
    animation = Animation(weights, ARKIT_CHANNELS, 30, head_pose=np.array([[0, 0, 0], [0.4, 0.1, 0]], np.float32))
    write_page([Take("a", animation)], tmp_path / "a.html")
    browser.size(700, 900)
    browser.open(tmp_path / "a.html")
    ours = list(render_frames(load_head(), weights, 400, "front", head_pose=animation.head_pose))
    seen = []
    for k in (0, 1):
        browser.run(f"player.seek({k / 30})")
        shown = head_of_page(browser)
        side = min(shown.shape[:2])
        top, left = ((n - side) // 2 for n in shown.shape[:2])
        from PIL import Image

        seen.append(
            np.asarray(Image.fromarray(shown[top : top + side, left : left + side]).resize((400, 400))).astype(int)
        )
    same = [np.abs(a - b).mean() for a, b in zip(seen, ours, strict=True)]
    other = [np.abs(a - b).mean() for a, b in zip(seen, ours[::-1], strict=True)]
    assert max(same) < 3 and min(other) > 2 * max(same)
    assert CHANNEL_INDEX["jawOpen"] >= 0 and browser.errors == []


@pytest.mark.slow
def test_the_page_fits_a_phone_and_is_dark_where_that_is_preferred(browser, tmp_path, talk):
    write_page([Take("one", talk[0]), Take("two", talk[0])], tmp_path / "a.html")
    browser.size(360, 800)
    for scheme, bright in (("light", True), ("dark", False)):
        browser.prefers(scheme)
        browser.open(tmp_path / "a.html")
        assert browser.run("document.documentElement.scrollWidth") <= 360
        assert (browser.picture()[2, 2].mean() > 128) == bright
    assert browser.run("document.querySelectorAll('#views canvas').length") == 2
    assert browser.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_of_a_character_of_one_s_own_fits_a_phone(browser, width):
    """examples/web without its modules: the places of head and sound are the style's."""
    browser.size(width, 800)
    assert 'name="viewport" content="width=device-width"' in WEB_EXAMPLE.read_text(encoding="utf-8")
    browser.go_to(WEB_EXAMPLE)
    browser.wait("document.readyState === 'complete' && document.querySelector('audio')")
    assert browser.run("document.documentElement.scrollWidth") <= width
    canvas = "document.querySelector('canvas').getBoundingClientRect()"
    assert [browser.run(f"{canvas}.{side}") for side in ("width", "height")] == [min(512, width)] * 2
