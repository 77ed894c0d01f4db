"""What leaves for other programs, byte by byte: read by what others wrote (python-osc), or by their rules restated."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import struct
from fractions import Fraction

import numpy as np
import pytest

from diffusiontalker.errors import InputError, OutputError, UnsupportedError
from diffusiontalker.head import turned
from diffusiontalker.head.model import load_head
from diffusiontalker.io.formats.live_link import csv_channels
from diffusiontalker.io.visemes import poses
from diffusiontalker.senders import FaceFrames, ifacialmocap, live_link, open_sender, osc, rotations, vmc
from diffusiontalker.senders.base import FaceFrame
from diffusiontalker.senders.lines import head_line, line
from diffusiontalker.spec.channels import ARKIT_CHANNELS, CHANNEL_INDEX

FPS = Fraction(30)
WEIGHTS = np.linspace(0.01, 0.99, 52).astype(np.float32)
POSE = np.array([0.3, -0.2, 0.1], np.float32)

# EARFaceBlendShape of Unreal's AppleARKit plug-in, in its order, with the rotations behind.
UNREAL = """EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft
EyeBlinkRight EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight JawForward
JawLeft JawRight JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight
MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight MouthRollLower
MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft MouthLowerDownRight
MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight CheekPuff
CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut HeadYaw HeadPitch HeadRoll LeftEyeYaw
LeftEyePitch LeftEyeRoll RightEyeYaw RightEyePitch RightEyeRoll""".split()


def unreal_reads(data: bytes) -> tuple[str, str, float, Fraction, dict[str, float]]:
    """The rules of AppleARKitLiveLinkSource.cpp restated: big-endian, a length before each text, version 6, 61 values,
    and no byte more or less."""
    at = 0

    def take(form: str):
        nonlocal at
        values = struct.unpack_from(">" + form, data, at)
        at += struct.calcsize(">" + form)
        return values[0]

    def text() -> str:
        nonlocal at
        n = take("i")
        assert 0 <= n <= 256
        at += n
        return data[at - n : at].decode()

    assert len(data) > 266 and take("B") == 6
    device, subject = text(), text()
    frame, part = take("i"), take("f")
    rate = Fraction(take("i"), take("i"))
    assert take("B") == 61 == len(UNREAL)
    values = {name: take("f") for name in UNREAL}
    assert at == len(data) and 0 <= part < 1
    return device, subject, frame + part, rate, values


def test_live_link_packets_are_what_unreal_reads():
    device = "ABCDEF01-2345-6789-ABCD-EF0123456789"
    data = live_link.packet(WEIGHTS, POSE, 4242, Fraction(60), device, "iPhone")
    assert len(data) == 312
    found = unreal_reads(data)
    assert found[:4] == (device, "iPhone", 4242.0, Fraction(60))
    for name, weight in zip(ARKIT_CHANNELS, WEIGHTS, strict=True):
        assert found[4][name[0].upper() + name[1:]] == weight
    assert [found[4][name] for name in ("HeadYaw", "HeadPitch", "HeadRoll")] == [float(angle) for angle in POSE]
    assert not any(value for name, value in found[4].items() if name.startswith(("LeftEye", "RightEye")))


def test_live_link_packets_begin_with_golden_bytes():
    data = live_link.packet(np.zeros(52), None, 1, Fraction(30000, 1001), "A" * 36, "iPhone")
    head = (
        "06" + "00000024" + "41" * 36 + "00000006" + "6950686f6e65" + "00000001" + "00000000" + "00007530" + "000003e9"
    )
    assert data[:68].hex() == head + "3d" and data[68:] == bytes(244)


def test_left_and_right_of_jaw_and_mouth_are_the_other_way_round_in_the_csv():
    """A weight on jawLeft alone is jawLeft in both, though the columns differ."""
    for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        weights = np.zeros(52, np.float32)
        weights[CHANNEL_INDEX[name]] = 1
        packet = live_link.packet(weights, None, 0, FPS, "x" * 36, "iPhone")
        values = struct.unpack(">61f", packet[-244:])
        assert UNREAL[values.index(1.0)].lower() == name.lower()
    in_packet = [name.lower() for name in UNREAL]
    in_csv = [name.lower() for name in csv_channels()]
    assert in_packet.index("jawleft") + 1 == in_packet.index("jawright")
    assert in_csv.index("jawright") + 1 == in_csv.index("jawleft")
    assert in_packet.index("mouthleft") + 1 == in_packet.index("mouthright")
    assert in_csv.index("mouthright") + 1 == in_csv.index("mouthleft")


def osc_messages(datagrams) -> list[tuple[str, tuple]]:
    osc_bundle = pytest.importorskip("pythonosc.osc_bundle")
    found = []
    for data in datagrams:
        assert len(data) <= 1400 and osc_bundle.OscBundle.dgram_is_bundle(data)
        found += [(m.address, tuple(m.params)) for m in osc_bundle.OscBundle(data)]
    return found


def test_vmc_datagrams_are_what_python_osc_reads():
    with contextlib.closing(open_sender("vmc://127.0.0.1?head=1", FPS, True)) as sender:
        assert isinstance(sender, vmc.Vmc)
        messages = osc_messages(sender.datagrams(FaceFrame(7, 7 / 30, WEIGHTS, POSE)))
    values = {p[0]: p[1] for address, p in messages if address == "/VMC/Ext/Blend/Val"}
    assert values == {n[0].upper() + n[1:]: float(w) for n, w in zip(ARKIT_CHANNELS, WEIGHTS, strict=True)}
    order = [address for address, _ in messages]
    assert order.index("/VMC/Ext/Blend/Apply") == 52 and order.count("/VMC/Ext/Blend/Apply") == 1
    assert ("/VMC/Ext/OK", (1,)) in messages
    assert dict(messages)["/VMC/Ext/T"][0] == pytest.approx(7 / 30)
    name, *numbers = dict(messages)["/VMC/Ext/Bone/Pos"]
    assert name == "Head" and numbers[:3] == [0, 0, 0] and np.linalg.norm(numbers[3:]) == pytest.approx(1)


@pytest.mark.parametrize(("names", "vowels"), [("vrm0", "AIUEO"), ("vrm1", ("aa", "ih", "ou", "ee", "oh"))])
def test_vmc_vowels_are_those_of_their_poses(names, vowels):
    shapes, table = poses("vrm")
    of = dict(zip(("aa", "ih", "ou", "ee", "oh"), vowels, strict=True))
    for shape, pose in zip(shapes, table, strict=True):
        found = dict(vmc.blendshapes(pose.astype(np.float32), names))
        assert len(found) == 7
        if shape in of:
            assert max(found, key=found.__getitem__) == of[shape] and found[of[shape]] > 0.8
        else:
            assert not any(found.values())
    weights = np.zeros(52, np.float32)
    weights[CHANNEL_INDEX["eyeBlinkLeft"]] = 0.75
    assert dict(vmc.blendshapes(weights, names))["Blink_L" if names == "vrm0" else "blinkLeft"] == 0.75


def test_osc_texts_are_filled_up_to_four_bytes():
    assert osc.message("/a", "abc", 1, 0.5).hex(" ") == (
        "2f 61 00 00 2c 73 69 66 00 00 00 00 61 62 63 00 00 00 00 01 3f 00 00 00"
    )
    assert osc.message("/abc").hex() == "2f616263000000002c000000"


def test_the_head_turns_in_unity_as_in_our_head():
    """The same point of the head, mirrored: Unity's x is ours turned round."""
    head = load_head()
    ours = turned(head, head.positions[None], POSE[None])[0]
    x, y, z, w = rotations.unity_quaternion(POSE)
    matrix = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    rigid = _rigid_rotation(head.positions, ours)
    mirror = np.diag([-1.0, 1.0, 1.0])
    assert np.abs(mirror @ matrix @ mirror - rigid).max() < 1e-3
    ex, ey, ez = (math.radians(a) for a in rotations.unity_euler_degrees(POSE))
    by_euler = _about(1, ey) @ _about(0, ex) @ _about(2, ez)
    assert np.abs(by_euler - matrix).max() < 1e-6


def _about(axis: int, angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    m = np.eye(3)
    m[i, i] = m[j, j] = c
    m[i, j], m[j, i] = -s, s
    return m


def _rigid_rotation(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The rotation of the vertices that turn with the whole head (Kabsch)."""
    top = before[:, 1] > np.quantile(before[:, 1], 0.6)
    a, b = before[top] - before[top].mean(axis=0), after[top] - after[top].mean(axis=0)
    u, _, v = np.linalg.svd(a.T @ b)
    return (u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v).T


def ifacialmocap_reads(text: str, sign: str) -> tuple[dict[str, int], dict[str, list[float]]]:
    """The grammar of the app's page for developers: name-value|..|=head#x,y,z,px,py,pz|rightEye#x,y,z|leftEye#x,y,z|
    Values are whole numbers 0..100, there is one `=`, and the text ends with `|`."""
    assert text.count("=") == 1 and text.endswith("|")
    shapes, turns = text.split("=")
    values = {}
    for part in shapes.rstrip("|").split("|"):
        name, value = part.split(sign)
        values[name] = int(value)
    angles = {
        part.split("#")[0]: [float(n) for n in part.split("#")[1].split(",")] for part in turns.rstrip("|").split("|")
    }
    assert {name: len(numbers) for name, numbers in angles.items()} == {"head": 6, "rightEye": 3, "leftEye": 3}
    return values, angles


# The 52 names as the app sends them.
IFACIALMOCAP = """browInnerUp browDown_L browDown_R browOuterUp_L browOuterUp_R eyeLookUp_L eyeLookUp_R eyeLookDown_L
eyeLookDown_R eyeLookIn_L eyeLookIn_R eyeLookOut_L eyeLookOut_R eyeBlink_L eyeBlink_R eyeSquint_L eyeSquint_R eyeWide_L
eyeWide_R cheekPuff cheekSquint_L cheekSquint_R noseSneer_L noseSneer_R jawOpen jawForward jawLeft jawRight mouthFunnel
mouthPucker mouthLeft mouthRight mouthRollUpper mouthRollLower mouthShrugUpper mouthShrugLower mouthClose mouthSmile_L
mouthSmile_R mouthFrown_L mouthFrown_R mouthDimple_L mouthDimple_R mouthUpperUp_L mouthUpperUp_R mouthLowerDown_L
mouthLowerDown_R mouthPress_L mouthPress_R mouthStretch_L mouthStretch_R tongueOut""".split()


@pytest.mark.parametrize(("version", "sign"), [(1, "-"), (2, "&")])
def test_ifacialmocap_texts_follow_the_apps_grammar(version, sign):
    weights = WEIGHTS.copy()
    weights[CHANNEL_INDEX["jawOpen"]], weights[CHANNEL_INDEX["tongueOut"]] = 1.7, -0.2
    values, angles = ifacialmocap_reads(ifacialmocap.text(weights, POSE, version), sign)
    assert sorted(values) == sorted(IFACIALMOCAP)
    assert values["jawOpen"] == 100 and values["tongueOut"] == 0
    assert values["mouthSmile_L"] == round(100 * float(WEIGHTS[CHANNEL_INDEX["mouthSmileLeft"]]))
    assert angles["head"][:3] == pytest.approx(rotations.unity_euler_degrees(POSE), abs=1e-3)
    assert len(ifacialmocap.text(weights, POSE).encode()) < 1472  # one datagram on Ethernet


def test_lines_hold_the_frame():
    head = json.loads(head_line(FPS, True))
    assert (
        head["schema"] == "diffusiontalker.frames/1" and head["channels"] == list(ARKIT_CHANNELS) and head["fps"] == 30
    )
    found = json.loads(line(FaceFrame(3, 0.1, WEIGHTS, POSE)))
    assert found["frame"] == 3 and found["time_s"] == 0.1
    assert np.abs(np.array(found["weights"]) - WEIGHTS).max() <= 0.5e-4 + 1e-6
    assert "head_pose" not in json.loads(line(FaceFrame(3, 0.1, WEIGHTS)))


def test_frames_of_a_model_with_fewer_channels_have_zeros_in_the_others():
    frames = FaceFrames(("jawOpen", "mouthClose"))
    found = frames.of(0, 0.0, np.array([0.5, 0.25], np.float32), None).weights
    assert found[CHANNEL_INDEX["jawOpen"]] == 0.5 and found[CHANNEL_INDEX["mouthClose"]] == 0.25
    assert np.count_nonzero(found) == 2
    for channels in ((), ("jawOpen", "wings")):
        with pytest.raises(UnsupportedError, match="choose another"):
            FaceFrames(channels)


@pytest.mark.parametrize(("kind", "port"), [("live-link", 11111), ("vmc", 39539), ("ifacialmocap", 49983)])
def test_datagrams_reach_a_receiver_that_comes_late(kind, port):
    """Nobody is there at first: nothing stops, and what is sent later arrives."""
    assert str(port) in open_sender(kind, FPS, False).name
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind(("127.0.0.1", 0))
    address = probe.getsockname()
    probe.close()
    sender = open_sender(f"{kind}://127.0.0.1:{address[1]}", FPS, False)
    frame = FaceFrame(0, 0.0, WEIGHTS)
    for _ in range(5):
        sender.send(frame)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        sender.send(frame)
        assert receiver.recv(65536)
    sender.send(frame)  # gone again
    sender.close()
    assert sender.n_sent + sender.n_lost == 7


@pytest.mark.parametrize(("address", "error", "says"), [
    ("vmx", InputError, "did you mean 'vmc'"), ("http://x", InputError, "there is no receiver 'http'"),
    ("vmc://h:99999", InputError, "is no address"), ("vmc://?names=x", InputError, "expected one of perfect-sync"),
    ("vmc://?wings=1", InputError, "vmc has no option 'wings'"), ("vmc://?head=2", InputError, "expected 0 or 1"),
    ("vmc://?head=1", InputError, "needs a bundle that moves the head"),
    ("ifacialmocap://?version=3", InputError, "expected 1 or 2"),
    ("live-link://?subject=", InputError, "expected 1..256"), ("vtube-studio://?x=1", InputError, "it has none"),
    ("vmc://no.such.host.invalid", OutputError, "has no address"),
])  # fmt: skip
def test_an_address_that_cannot_be_gets_one_sentence(address, error, says):
    with pytest.raises(error, match=says):
        open_sender(address, FPS, False)
