"""What the studio's page asks the server for: files of the page, heads, sound, exports; and who may."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import soundfile

pytest.importorskip("uvicorn")
from cli_support import tone
from own_head_support import Character, Spoken
from serve_support import Server, s16
from test_serve_http import refusal, wav

import diffusiontalker as dt
from diffusiontalker.studio.exports import kinds
from diffusiontalker.studio.routes import files, routes

RATE = 16000


@pytest.fixture(scope="module")
def pose_model(pose_bundle):
    return dt.load(pose_bundle, backend="reference")


@pytest.fixture(scope="module")
def server(pose_model):
    with Server(pose_model, max_upload_bytes=4 << 20, max_upload_s=5.0, more=routes()) as running:
        yield running


def document(model, seconds: float = 0.5) -> dict:
    """A take as the page sends it."""
    n = round(seconds * 30)
    weights = np.zeros((n, 52))
    weights[:, model.channels.index("jawOpen")] = np.linspace(0, 0.5, n)
    return {
        "format": "diffusiontalker-weights", "format_version": 1, "fps_num": 30, "fps_den": 1, "n_frames": n,
        "channels": list(model.channels), "weights": weights.tolist(), "head_pose": np.zeros((n, 3)).tolist(),
        "dials": {"strength": 1.2},
    }  # fmt: skip


def export(server, form: str, **wish) -> tuple:
    return server.http(f"/studio/api/export?format={form}", json.dumps(wish).encode())


def test_the_page_needs_no_token_and_all_that_it_asks_for_does(server):
    status, headers, body = server.http("/studio/", token=None)
    assert status == 200 and b"DiffusionTalker" in body and "default-src 'self'" in headers["content-security-policy"]
    for name in files():
        status, headers, _ = server.http(f"/studio/{name}", token=None)
        assert status == 200 and headers["x-content-type-options"] == "nosniff", name
        assert not name.endswith(".js") or headers["content-type"].startswith("text/javascript")
    for path in ("api/about", "api/head"):
        assert server.http(f"/studio/{path}", token=None)[0] == 401
        assert server.http(f"/studio/{path}", token="wrong-token-of-somebody")[0] == 401
    for path in ("/studio/api/sound", "/studio/api/head", "/studio/api/export?format=glb", "/enroll"):
        assert server.http(path, b"x", token=None)[0] == 401
    for name in ("../serve/app.py", "%2e%2e/README.md", "api/other", "x.js"):
        assert server.http(f"/studio/{name}", token=None)[0] == 404


def test_the_page_asks_for_nothing_of_elsewhere():
    names = {name for name in files() if name}
    for path in files().values():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text, path
    page = files()[""].read_text(encoding="utf-8")
    import re

    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) <= names


def test_a_server_without_the_studio_has_no_page(model):
    with Server(model) as plain:
        assert plain.http("/studio/")[0] == 404


def test_about_has_what_the_page_shows(server, pose_model):
    about = json.loads(server.http("/studio/api/about")[2])
    assert about["channels"] == list(pose_model.channels) and about["has_head_pose"]
    assert about["default_emotion"] == "happy" and "live" in about["profiles"]
    assert {dial["name"] for dial in about["dials"]} >= {"strength", "gaze_hold", "offset_ms"}
    assert [kind["ending"] for kind in about["kinds"]] == [kind["ending"] for kind in kinds()]


def test_sound_comes_back_as_wav_of_one_channel(server):
    stereo = np.stack([tone(0.5, 44100), tone(0.5, 44100)], 1)
    file = io.BytesIO()
    soundfile.write(file, stereo, 44100, format="FLAC")
    status, headers, body = server.http("/studio/api/sound", file.getvalue())
    played, rate = soundfile.read(io.BytesIO(body))
    assert (status, headers["content-type"], rate, played.ndim) == (200, "audio/wav", 44100, 1)
    np.testing.assert_allclose(played, stereo[:, 0], atol=1e-4)
    assert refusal(server.http("/studio/api/sound", wav(np.zeros(8000 * 8), 8000)))[0] == 400
    status, _, text = refusal(server.http("/studio/api/sound", b"no sound"))
    assert status == 400 and "--" not in text
    assert refusal(server.http("/studio/api/sound", b"x", headers={"Content-Length": str(5 << 20)}))[0] == 413


def test_a_character_is_shown_or_refused_with_a_sentence(server):
    made = Character()
    made.mesh(("jawOpen", "mouthSmileLeft", "unknown"))
    status, _, body = server.http("/studio/api/head", made.glb())
    size = int.from_bytes(body[:4], "little")
    report = json.loads(body[4 : 4 + size])["report"]
    assert status == 200 and (report["n_moving"], report["n_still"]) == (2, 1)
    strange = Character()
    strange.mesh(("Angry", "Sad"))
    for data, says in (
        (b"no glTF", "neither .glb nor .gltf"),
        (strange.glb(), "no target of the head has a name that is known"),
    ):
        status, _, text = refusal(server.http("/studio/api/head", data))
        assert status == 400 and says in text and "--" not in text and "`diffusiontalker" not in text


@pytest.mark.parametrize("form", [k["ending"] for k in kinds() if k["ready"] and k["ending"] not in ("mp4", "usdc")])
def test_a_take_is_saved_in_every_format(server, pose_model, form, tmp_path):
    sound = base64.b64encode(wav(tone(0.5, RATE))).decode()
    status, _, body = export(server, form, animation=document(pose_model), sound=sound, title="A <take>")
    assert status == 200 and len(body) > 30
    if form == "html":
        assert b"A &lt;take&gt;" in body and b"</html>" in body
        return
    path = tmp_path / f"a.{form}"
    path.write_bytes(body)
    if form in ("json", "npz", "glb", "csv", "vrma"):
        back = dt.load_animation(path)
        assert back.n_frames == 15
    if form in ("json", "npz", "glb"):
        np.testing.assert_allclose(back.channel("jawOpen"), np.linspace(0, 0.5, 15), atol=1e-6)
        assert back.dials.strength == 1.2


def test_a_take_goes_into_the_users_character(server, pose_model):
    made = Character()
    made.mesh(("jawOpen",), name="Hero")
    head = base64.b64encode(made.glb()).decode()
    status, _, body = export(server, "glb", animation=document(pose_model), head=head)
    assert status == 200 and b"Hero" in body and len(Spoken(body).values(0)) == 15


@pytest.mark.parametrize(("form", "wish", "says"), [
    ("exe", {}, "there is no format 'exe'"),
    ("glb", {}, 'has no "animation"'),
    ("glb", {"animation": {}}, "has no weights"),
    ("glb", {"animation": {"weights": [[1e400]], "channels": ["jawOpen"], "fps_num": 30, "fps_den": 1}}, "finite"),
    ("html", {"animation": 1, "sound": "?"}, 'has no "animation"'),
])  # fmt: skip
def test_a_wish_that_cannot_be_is_told_in_a_sentence(server, form, wish, says):
    status, _, text = refusal(export(server, form, **wish))
    assert status == 400 and says in text and "/tmp" not in text and "--" not in text


def test_a_sound_that_is_none_is_refused_in_an_export(server, pose_model):
    status, _, text = refusal(export(server, "html", animation=document(pose_model), sound="no base64!"))
    assert status == 400 and "sound" in text


def test_a_voice_is_learned_and_its_style_moves_files_and_sessions(server, pose_model):
    speaker = wav(tone(2, RATE))
    status, _, body = server.http("/enroll?emotion=angry&emotion_strength=0.5", speaker)
    told = json.loads(body)
    style = np.frombuffer(base64.b64decode(told["style"]), "<f4")
    assert status == 200 and told["seconds"] == 2.0 and told["d_identity"] == len(style) == pose_model.d_identity
    wanted = pose_model.enroll(dt_read(speaker), RATE, emotion="angry", emotion_strength=0.5)
    np.testing.assert_array_equal(style, wanted)
    from urllib.parse import quote

    answer = server.http(f"/animate?seed=3&style={quote(told['style'], safe='')}", wav(tone(1, RATE)))
    frames = np.array(json.loads(answer[2])["weights"], np.float32)
    np.testing.assert_allclose(frames, pose_model.animate(wav(tone(1, RATE)), seed=3, style=wanted).weights, atol=1e-6)
    with server.client(f"?style={quote(told['style'], safe='')}") as client:
        assert client.session.style == told["style"]
        client.send({"type": "style", "identity": "ben"})  # what is said last counts
        assert client.get("session.updated")["session"]["style"] is None
        client.send({"type": "style", "style": told["style"]})
        assert client.get("session.updated")["session"]["style"] == told["style"]
        client.send({"type": "style", "style": "AAAA"})
        assert "POST /enroll" in client.get("error")["error"]["message"]
        client.send(s16(tone(1, RATE)))
        client.send({"type": "flush"})
        assert client.response()[-1]["n_frames"] == 30


def dt_read(data: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(data), dtype="float32")[0]


@pytest.mark.parametrize(("query", "body", "says"), [
    ("", b"x", "cannot be read"), ("", wav(tone(0.2, RATE)), "s"), ("?emotion=grim", b"x", "grim"),
    ("?emotion_strength=x", b"x", "emotion_strength is 'x'"), ("?speed=2", b"x", "there is no parameter 'speed'"),
    ("?emotion=happy:x", b"x", "happy:x"),
])  # fmt: skip
def test_a_voice_that_cannot_be_learned_is_told(server, query, body, says):
    status, _, text = refusal(server.http(f"/enroll{query}", body))
    assert status == 400 and says in text and "--" not in text
