"""The studio in a browser, with the bundle `base`: what a user does, and what is seen."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("uvicorn")
from browser_support import Browser, browser_path
from own_head_support import Character
from serve_support import TOKEN, Server, s16

import diffusiontalker as dt
from diffusiontalker.studio.routes import routes

pytestmark = pytest.mark.slow
SPEECH = Path(__file__).parents[2] / "examples" / "speech.wav"
PLAYED_S = float(os.environ.get("DT_STUDIO_SECONDS", "2.5"))  # of the test of drift; 60 is what is promised
MOST_DRIFT_S = 0.04
READY = "document.body && document.body.dataset.ready === 'yes'"
DONE = "studio.chosen && studio.chosen.state === 'done' && studio.chosen.track.length > 0"
# Frames of the chosen take, as rows.
ROWS = "Array.from({length: studio.chosen.track.length}, (_, k) => Array.from(studio.chosen.track.row(k)))"


@pytest.fixture(scope="module")
def base():
    return dt.load("base", n_threads=1)


@pytest.fixture(scope="module")
def server(base):
    browser_path()
    with Server(base, max_streams=8, max_upload_bytes=8 << 20, more=routes()) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("studio")
    microphone = (
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={SPEECH}",
    )  # fmt: skip
    with Browser(folder / "profile", 1200, 800, *microphone) as opened:
        opened.server = f"http://127.0.0.1:{server.port}/"
        yield opened


@pytest.fixture
def page(browser, server):
    """The page, just opened."""
    browser.size(1200, 800)
    browser.errors.clear()
    browser.visit(f"{browser.server}studio/#token={TOKEN}", READY)
    return browser


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds of speech."""
    speech, rate = soundfile.read(SPEECH)
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    soundfile.write(path, speech[: 2 * rate], rate)
    return path


def load(page, path) -> None:
    page.choose_files("#file", path)
    page.wait(DONE)


def face(page) -> np.ndarray:
    """The first face as it is on the screen."""
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    x, y, w, h = page.run(
        "(r => [r.x, r.y, r.width, r.height])(document.querySelector('#views canvas').getBoundingClientRect())"
    )
    return page.picture()[int(y) : int(y + h), int(x) : int(x + w)].astype(int)


def dark_mouth(picture: np.ndarray) -> int:
    """Dark pixels below the middle of the face: the inside of an open mouth."""
    h, w, _ = picture.shape
    middle = picture[int(0.55 * h) : int(0.8 * h), int(0.5 * w - 0.12 * h) : int(0.5 * w + 0.12 * h)]
    return int((middle.sum(axis=2) < 150).sum())


def test_a_recording_becomes_the_face_that_the_package_gives(page, clip, base):
    load(page, clip)
    frames = np.array(page.run(ROWS))
    wanted = base.animate(clip, seed=0)
    np.testing.assert_allclose(frames[:, :52], wanted.weights, atol=1e-5)
    np.testing.assert_allclose(frames[:, 52:], wanted.head_pose, atol=1e-5)
    assert "clip.wav" in page.run("document.getElementById('soundname').textContent")
    assert page.run("document.getElementById('welcome').hidden") and page.errors == []
    assert page.run("location.hash") == ""  # the token does not stay in the address


def test_the_mouth_of_the_picture_opens_with_the_sound(page, clip, base):
    load(page, clip)
    frames = np.array(page.run(ROWS))
    jaw = frames[:, base.channels.index("jawOpen")] - frames[:, base.channels.index("mouthClose")]
    seen = []
    for k in (int(jaw.argmax()), int(jaw[: len(jaw) // 2].argmin())):
        page.run(f"studio.seek({(k + 0.01) / 30})")
        page.wait(f"Math.abs(studio.shownTime - {k / 30}) < 0.01")
        seen.append(face(page))
    assert dark_mouth(seen[0]) > dark_mouth(seen[1]) + 50
    assert page.errors == []


def test_the_face_keeps_the_time_of_the_sound(page, tmp_path):
    speech, rate = soundfile.read(SPEECH)
    path = tmp_path / "long.wav"
    soundfile.write(path, np.resize(speech, int((PLAYED_S + 1) * rate)), rate)
    load(page, path)
    # Looked at where a picture is drawn: how long that takes is the machine's business.
    told = page.run(f"""(async () => {{
      const {{audio, stage}} = studio, off = [], draw = stage.draw.bind(stage);
      stage.draw = pose => {{ off.push(studio.shownTime - audio.currentTime); draw(pose); }};
      studio.play();
      while (audio.currentTime < {PLAYED_S}) await new Promise(requestAnimationFrame);
      audio.pause();
      stage.draw = draw;
      return {{most: Math.max(...off.map(Math.abs)), n: off.length}};
    }})()""")
    assert told["n"] > 1 and told["most"] < MOST_DRIFT_S
    assert not page.run("studio.playing") and page.errors == []


def test_a_mood_is_seen_and_another_seed_is_beside_it(page, clip):
    load(page, clip)
    page.run("studio.seek(1)")
    before = face(page)
    page.run("document.querySelector('#moods input[value=happy]').click()")
    page.wait("studio.chosen.state === 'computing'")
    page.wait(DONE)
    smile = "studio.chosen.curve('mouthSmile').reduce((a, b) => a + b) / studio.chosen.track.length"
    assert np.abs(face(page) - before).mean() > 0.3 and page.run(smile) > 0.1
    page.key("n")
    page.wait(f"studio.takes.length === 2 && {DONE}")
    assert page.run("document.querySelectorAll('#views canvas').length") == 2
    assert page.run("studio.takes[0].settings.seed !== studio.takes[1].settings.seed")
    assert page.run("studio.takes[1].settings.mood") == "happy"
    page.key("1")
    assert page.run("studio.chosen === studio.takes[0]") and page.errors == []


def test_dials_act_and_go_back(page, clip):
    load(page, clip)
    reach = "studio.chosen.curve('jawOpen').reduce((a, b) => Math.max(a, b))"
    before = page.run(reach)
    page.run("""(() => {
      const input = document.querySelector('#dial-whole-face');
      input.value = 0.4;
      input.dispatchEvent(new Event('input'));
    })()""")
    page.wait(f"studio.chosen.state === 'done' && {reach} < {0.7 * before}")
    assert page.run("studio.chosen.document().dials") == {"strength": 0.4}
    page.run("document.getElementById('resetdials').click()")
    page.wait(f"studio.chosen.state === 'done' && Math.abs({reach} - {before}) < 1e-6")
    assert page.errors == []


def test_a_take_is_saved_as_it_is_seen(page, clip, base):
    load(page, clip)
    saved = json.loads(page.run("studio.save('json').then(made => made.blob.text())"))
    assert saved["channels"] == list(base.channels) and saved["n_frames"] == len(saved["head_pose"])
    np.testing.assert_allclose(np.array(saved["weights"]), np.array(page.run(ROWS))[:, :52], atol=1e-7)
    for form, begin in (("glb", "glTF"), ("html", "<!DO"), ("wav", "RIFF")):
        assert page.run(f"studio.save('{form}').then(made => made.blob.text()).then(t => t.slice(0, 4))") == begin
    assert page.run("document.getElementById('fault').hidden") and page.errors == []


def test_the_microphone_moves_the_face_and_becomes_a_take(page):
    page.run("document.getElementById('record').click()")
    page.wait("studio.microphone && studio.microphone.take.track.length > 45")
    assert page.run("studio.microphone.level") > 0.02
    page.key("m")
    page.wait(f"!studio.microphone && {DONE}")
    assert page.run("studio.sound.duration") > 1.5
    assert abs(page.run("studio.chosen.track.duration - studio.sound.duration")) < 0.1
    assert page.run("studio.chosen.curve('jawOpen').reduce((a, b) => Math.max(a, b))") > 0.1
    assert page.run("studio.save('wav').then(made => made.blob.size)") > 10000 and page.errors == []


def test_a_voice_is_learned_from_a_recording(page, clip, tmp_path):
    load(page, clip)
    before = page.run(ROWS)
    page.choose_files("#voice", clip)
    page.wait(f"studio.current.voice && {DONE}")
    assert page.run("document.getElementById('identity').selectedOptions[0].textContent") == "clip"
    assert np.abs(np.array(page.run(ROWS)) - np.array(before)).max() > 0.02
    assert page.run("document.getElementById('fault').hidden") and page.errors == []


def test_the_users_character_takes_the_place_of_the_head(page, clip, tmp_path):
    made = Character()
    made.mesh(("jawOpen", "mouthSmileLeft"))
    path = tmp_path / "hero.glb"
    path.write_bytes(made.glb())
    page.choose_files("#character", path)
    page.wait("studio.character && document.getElementById('facename').textContent.startsWith('hero.glb: 2 targets')")
    page.choose_files("#file", clip)
    page.wait(DONE)
    page.run("document.getElementById('builtin').click()")
    page.wait("!studio.character && studio.report.n_moving === 52")
    path.write_bytes(b"nothing")
    page.choose_files("#character", path)
    page.wait("document.querySelector('#fault p').textContent.includes('neither .glb nor .gltf')")


def test_what_cannot_be_is_told_on_the_page(page, tmp_path):
    large = tmp_path / "large.wav"
    with open(large, "wb") as file:
        file.truncate(200 << 20)
    page.choose_files("#file", large)
    page.wait("!document.getElementById('fault').hidden")
    assert "larger than 8 MB" in page.run("document.querySelector('#fault p').textContent")
    text = tmp_path / "text.wav"
    text.write_text("this is no sound")
    page.choose_files("#file", text)
    page.wait("document.querySelector('#fault p').textContent.includes('cannot be read')")
    assert page.run("studio.takes.length") == 0


def test_without_the_token_the_page_asks_for_it(page):
    page.run("sessionStorage.clear()")
    page.visit(f"{page.server}studio/", "document.getElementById('ask')?.open")
    assert not page.run("Boolean(window.studio)")
    page.run(f"""(() => {{
      document.getElementById('token').value = '{TOKEN}';
      document.querySelector('#ask button').click();
    }})()""")
    page.wait(READY)


def test_a_reload_in_the_middle_leaves_nothing_behind(page, clip, server, tmp_path):
    speech, rate = soundfile.read(SPEECH)
    path = tmp_path / "long.wav"
    soundfile.write(path, np.resize(speech, 40 * rate), rate)
    page.choose_files("#file", path)
    page.wait("studio.chosen && studio.chosen.nNew > 30 && studio.chosen.state === 'computing'")
    assert server.state.sessions
    with server.client() as other:  # somebody else is served meanwhile
        other.send(s16(np.float32(speech[:rate])))
        other.send({"type": "flush"})
        assert other.response()[-1]["n_frames"] == 30
    page.visit(f"{page.server}studio/", READY)
    page.wait("studio.about.bundle")
    load(page, clip)
    page.wait("studio.chosen.state === 'done'")
    deadline = time.monotonic() + 30
    while server.state.sessions and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not server.state.sessions


def test_a_lost_connection_comes_back(page, clip, server):
    """The client sends the sound again, and the frames are those of one connection."""
    load(page, clip)
    wanted = page.run(ROWS)
    told = page.run(f"""(async () => {{
      const {{FaceClient}} = await import('/studio/client/index.js'), {{sound}} = studio;
      const client = new FaceClient('{page.server.replace("http", "ws")}v1/stream', {{token: '{TOKEN}',
        settings: {{sample_rate: sound.rate, profile: studio.about.default_profile, seed: 0}}}});
      const states = [];
      client.addEventListener('state', event => states.push(event.detail));
      await client.open();
      client.addEventListener('frames', () => client.socket.close(), {{once: true}});
      const {{track}} = await client.speak(sound.samples);
      client.close();
      return {{states, frames: Array.from({{length: track.length}}, (_, k) => Array.from(track.row(k)))}};
    }})()""")
    assert told["states"] == ["connecting", "open", "waiting", "connecting", "open", "closed"]
    np.testing.assert_array_equal(told["frames"], wanted)


def test_the_client_says_why_it_gets_no_session(page):
    told = page.run(f"""(async () => {{
      const {{FaceClient}} = await import('/studio/client/index.js');
      const address = '{page.server.replace("http", "ws")}v1/stream', said = [];
      for (const options of [{{token: 'wrong'}}, {{token: '{TOKEN}', settings: {{identity: 'nobody'}}}}]) {{
        const client = new FaceClient(address, {{reconnects: false, ...options}});
        await client.open().catch(error => said.push(error.message));
      }}
      return said;
    }})()""")
    assert "token" in told[0] and "nobody" in told[1]


def test_the_page_fits_a_phone_is_dark_when_asked_and_names_its_controls(page, clip):
    load(page, clip)
    for width, height in ((360, 740), (1200, 800)):
        page.size(width, height)
        for scheme, bright in (("light", True), ("dark", False)):
            page.prefers(scheme)
            page.wait(f"document.documentElement.dataset.theme === '{scheme}'")
            assert page.run("document.documentElement.scrollWidth") <= width
            assert (page.picture()[3, 3].mean() > 128) == bright
    page.prefers("light")
    unnamed = page.run("""Array.from(document.querySelectorAll('button, input, select, canvas')).filter(e =>
      !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)""")
    assert unnamed == []
    small = page.run("""Array.from(document.querySelectorAll('#panel button, #panel select')).filter(e =>
      e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.id)""")
    assert small == []


def test_the_keyboard_plays_and_steps(page, clip):
    load(page, clip)
    page.run("document.activeElement.blur()")
    page.key("ArrowRight")
    page.wait("Math.abs(studio.audio.currentTime - 1 / 30) < 0.004")
    page.key("End")
    page.wait("studio.audio.currentTime > studio.duration - 0.1")
    page.key("Home")
    page.wait("studio.audio.currentTime === 0")
    page.key(" ")
    page.wait("studio.playing")
    page.key(" ")
    page.wait("!studio.playing")
    page.key("?")
    page.wait("document.getElementById('keys').open")
