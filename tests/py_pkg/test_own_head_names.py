"""Which channel moves a target: names of programs, visemes, VRM, mappings."""

from __future__ import annotations

import json

import numpy as np
import pytest
from own_head_support import Character, Spoken, animation_of

from diffusiontalker.errors import InputError
from diffusiontalker.head import lip_opening, load_head
from diffusiontalker.ownhead import Mapping, animate_head, load_mapping
from diffusiontalker.ownhead.inspect import inspect_head
from diffusiontalker.ownhead.least_squares import bounded_least_squares, shared_least_squares
from diffusiontalker.ownhead.mapping import draft, sources
from diffusiontalker.ownhead.names import match, match_all
from diffusiontalker.ownhead.plan import TONGUE_SHARE
from diffusiontalker.ownhead.visemes import VISEMES, viseme_weights
from diffusiontalker.spec.channels import ARKIT_CHANNELS


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def short_side(name: str) -> str:
    return name.replace("Left", "_L").replace("Right", "_R")


SPELLINGS = [
    str, str.lower, str.upper, snake, short_side, lambda n: n[0].upper() + n[1:], lambda n: f"blendShape1.{n}",
    lambda n: f"ARKit_{short_side(n)}", lambda n: f"Face.{n}", lambda n: f"head_geo:{n}.001",
    lambda n: f"A07_{snake(n).title()}", lambda n: f"facs_bs_{n[0].upper()}{n[1:]}_div2",
    lambda n: f"CTRL_expressions_{n.replace('Left', 'L').replace('Right', 'R')}",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("channel", ARKIT_CHANNELS)
def test_every_spelling_of_arkit_s_names_is_known(channel, spelling):
    found = match(spelling(channel))
    assert found is not None and found.terms == {channel: 1.0}, spelling(channel)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("left_eyeBlink", "eyeBlinkLeft"),
        ("Mouth_L", "mouthLeft"),
        ("Jaw_R", "jawRight"),
        ("CTRL_expressions_eyeLookLeftL", "eyeLookOutLeft"),
        ("CTRL_expressions_eyeLookLeftR", "eyeLookInRight"),
        ("Eye_L_Look_R", "eyeLookInLeft"),
        ("Eye_R_Look_R", "eyeLookOutRight"),
        ("Eye_L_Look_Up", "eyeLookUpLeft"),
        ("head_mouth_cornerPull_R", "mouthSmileRight"),
        ("CTRL_expressions_mouthFunnelUL", "mouthFunnel"),
        ("Brow_Raise_Inner_L", "browInnerUp"),
        ("Mouth_Up_Upper_L", "mouthUpperUpLeft"),
        ("Face.M_F00_000_00_Fcl_EYE_Close_L", "eyeBlinkLeft"),
        ("Face.M_F00_000_00_Fcl_MTH_A", "viseme_aa"),
        ("V_Tight_O", "viseme_U"),
        ("eCTRLvEH", "viseme_E"),
        ("vrc.v_pp", "viseme_PP"),
        ("AA_VI_10_aa", "viseme_aa"),
        ("AK_09_EyeBlinkLeft", "eyeBlinkLeft"),
        ("viseme_CH", "viseme_CH"),
        ("eye-left-closure", "eyeBlinkLeft"),
        ("eyebrows-right-extern-up", "browOuterUpRight"),
        ("mouth-pursing", "mouthPucker"),
        ("A", "viseme_aa"),
        ("Blink_L", "eyeBlinkLeft"),
        ("お", "viseme_O"),
    ],
)
def test_names_of_programs(name, source):
    found = match(name)
    assert found is not None and found.terms == {source: 1.0}


@pytest.mark.parametrize("name", ["viseme_sil", "Fcl_ALL_Joy", "Angry", "noise", "left", "hat", "", "42", "jaw"])
def test_names_that_mean_nothing_to_us(name):
    assert match(name) is None


def chosen(*names) -> dict:
    return {names[i]: m.terms for i, m in match_all(names).items()}


def test_one_movement_comes_one_way():
    assert chosen("mouthOpen", "jawOpen", "viseme_aa", *ARKIT_CHANNELS[18:30]).keys() == {
        "jawOpen",
        *ARKIT_CHANNELS[18:30],
    }
    assert chosen("old_jawOpen", "jawOpen").keys() == {"jawOpen"}
    assert chosen("Fcl_EYE_Close", "Fcl_EYE_Close_L", "Fcl_EYE_Close_R").keys() == {
        "Fcl_EYE_Close_L",
        "Fcl_EYE_Close_R",
    }
    assert chosen("mouthOpen", "viseme_aa", "viseme_O", "eyeBlinkLeft").keys() == {
        "viseme_aa",
        "viseme_O",
        "eyeBlinkLeft",
    }
    assert chosen("mouthOpen", "mouthSmile") == {
        "mouthOpen": {"jawOpen": 1.0},
        "mouthSmile": {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
    }


VOWELS = ("viseme_aa", "viseme_I", "viseme_U", "viseme_E", "viseme_O")


@pytest.mark.parametrize("name", VOWELS)
def test_a_vowel_of_five_is_found_again(name):
    weights = dict(zip(VOWELS, viseme_weights(animation_of(1, **VISEMES[name]).weights, VOWELS)[0], strict=True))
    near = {"viseme_E": ("viseme_E", "viseme_I", "viseme_aa")}.get(name, (name,))  # E lies between I and aa
    assert sum(weights[one] for one in near) > 0.75, weights


@pytest.mark.parametrize("names", [tuple(VISEMES), VOWELS])
def test_visemes_open_the_lips_as_far_as_the_channels_do(names):
    """Over mixtures of mouth shapes: the lip opening of the built-in head, and that of the visemes' recipes."""
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.full(len(VISEMES), 0.3), 60) * rng.uniform(0, 1, (60, 1))
    recipes = np.concatenate([animation_of(1, **recipe).weights for recipe in VISEMES.values()])
    weights = (shares @ recipes).astype(np.float32)
    again = viseme_weights(weights, names) @ recipes[[list(VISEMES).index(name) for name in names]]
    before, after = (lip_opening(load_head(), w) for w in (weights, again))
    assert np.corrcoef(before, after)[0, 1] > 0.97
    assert np.abs(before - after).max() < 0.04


def test_visemes_are_shares_of_a_pose_and_rest_is_none():
    rng = np.random.default_rng(3)
    weights = viseme_weights(rng.uniform(0, 1, (200, 52)).astype(np.float32), tuple(VISEMES))
    assert (weights >= 0).all() and (weights.sum(axis=1) <= 1 + 1e-5).all()
    assert (viseme_weights(np.zeros((3, 52), np.float32), tuple(VISEMES)) == 0).all()
    smile = animation_of(1, mouthSmileLeft=1, mouthSmileRight=1).weights
    assert viseme_weights(smile, tuple(VISEMES)).sum() == 0


def test_closed_lips_under_an_open_jaw_open_no_vowel():
    closed = animation_of(1, jawOpen=0.3, mouthClose=0.3).weights
    opened = animation_of(1, jawOpen=0.3).weights
    assert viseme_weights(closed, VOWELS).sum() < 0.15 * viseme_weights(opened, VOWELS).sum()


@pytest.mark.parametrize("solve", [bounded_least_squares, shared_least_squares])
def test_least_squares_cannot_be_bettered_within_the_bounds(solve):
    """No small feasible step from the solution makes the sum of squares smaller."""
    rng = np.random.default_rng(5)
    basis, goals = rng.normal(size=(30, 6)), rng.normal(size=(40, 30)) * 2
    found = solve(basis.T @ basis, goals @ basis).astype(float)

    def cost(w):
        return ((w @ basis.T - goals) ** 2).sum(axis=1)

    assert (found >= 0).all() and (found <= 1).all()
    best = cost(found)
    for _ in range(300):
        other = np.clip(found + rng.normal(scale=0.02, size=found.shape), 0, 1)
        if solve is shared_least_squares:
            other /= np.maximum(other.sum(axis=1, keepdims=True), 1)
        assert (cost(other) > best - 1e-4).all()


def vrm(version: int, expressions: dict, names=("f0", "f1", "f2", "f3")) -> bytes:
    """A character with meaningless target names and VRM expressions: name -> ((target, weight 0..1), ...)."""
    made = Character()
    made.mesh(names)
    if version == 1:
        groups = {
            name: {"morphTargetBinds": [{"node": 0, "index": i, "weight": w} for i, w in binds]}
            for name, binds in expressions.items()
        }
        made.document["extensions"] = {"VRMC_vrm": {"expressions": {"preset": groups, "custom": {}}}}
    else:
        groups = [
            {"name": name, "presetName": name.lower() if len(name) < 3 else "unknown",
             "binds": [{"mesh": 0, "index": i, "weight": w * 100} for i, w in binds]}
            for name, binds in expressions.items()
        ]  # fmt: skip
        made.document["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
    return made.glb()


@pytest.mark.parametrize(("version", "name", "blink"), [(0, "A", "Blink_L"), (1, "aa", "blinkLeft")])
def test_vrm_s_vowels_and_blinks(version, name, blink):
    head = vrm(version, {name: [(0, 0.5), (1, 1.0)], blink: [(2, 1.0)], "Joy": [(3, 1.0)]})
    glb, report = animate_head(head, animation_of(eyeBlinkLeft=0.75, **VISEMES["viseme_aa"]))
    weights = Spoken(glb).values(0)[0]
    assert 0.9 < weights[1] <= 1 and weights[0] == pytest.approx(weights[1] / 2)
    assert weights[2] == 0.75 and weights[3] == 0
    assert {m.kind for m in report.meshes[0].matched.values()} == {"VRM expression"}


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_s_perfect_sync_goes_before_its_vowels(version):
    names = [c[0].upper() + c[1:] for c in ARKIT_CHANNELS]
    expressions = {name: [(i, 1.0)] for i, name in enumerate(names)} | {"A" if version == 0 else "aa": [(52, 1.0)]}
    head = vrm(version, expressions, [f"f{i}" for i in range(53)])
    rng = np.random.default_rng(1)
    anim = animation_of(3)
    anim.weights[:] = rng.random(anim.weights.shape)
    weights = Spoken(animate_head(head, anim)[0]).values(0)
    anim.weights[:, ARKIT_CHANNELS.index("tongueOut")] *= TONGUE_SHARE
    np.testing.assert_allclose(weights[:, :52], anim.weights, atol=1e-7)
    assert (weights[:, 52] == 0).all()


def test_names_of_accessors_count_where_the_mesh_tells_none():
    made = Character()
    made.mesh(("x", "y"), told=False)
    for target, name in zip(made.document["meshes"][0]["primitives"][0]["targets"], ("jawOpen", "other"), strict=True):
        made.document["accessors"][target["POSITION"]]["name"] = name
    assert Spoken(animate_head(made.glb(), animation_of(jawOpen=0.5))[0]).values(0)[0].tolist() == [0.5, 0]


def odd_head() -> bytes:
    made = Character()
    made.mesh(("Gob", "Zwinker", "Hut"))
    return made.glb()


def test_a_mapping_moves_what_names_do_not():
    mapping = Mapping({"Gob": {"jawOpen": 0.5, "mouthFunnel": 1.0}, "Zwinker": {"eyeBlinkLeft": -1.0}})
    anim = animation_of(jawOpen=0.5, mouthFunnel=0.25, eyeBlinkLeft=0.5)
    weights = Spoken(animate_head(odd_head(), anim, mapping)[0]).values(0)[0]
    assert weights.tolist() == [0.5, -0.5, 0]


@pytest.mark.parametrize("ending", [".tsv", ".json"])
def test_a_draft_is_a_mapping_that_changes_nothing(tmp_path, ending):
    made = Character()
    made.mesh(("mouthSmile", "eyeBlinkLeft", "viseme_aa", "Hut", "with # and spaces"))
    seen = inspect_head(made.glb())
    path = tmp_path / f"map{ending}"
    path.write_text(draft(seen.targets, seen.bone, ending == ".json"), encoding="utf-8")
    mapping = load_mapping(path)
    anim = animation_of(mouthSmileLeft=0.5, eyeBlinkLeft=0.25, jawOpen=0.5)
    plain, drawn = (Spoken(animate_head(made.glb(), anim, m)[0]).values(0) for m in (None, mapping))
    assert np.array_equal(plain, drawn) and plain.any()
    assert mapping.targets["Hut"] == {}


@pytest.mark.parametrize("name", ["a\tb", "a\nb", " a", "# a"])
def test_names_that_tabs_cannot_hold_are_drafted_as_json(tmp_path, name):
    with pytest.raises(InputError, match="draft the mapping as .json"):
        draft({name: None}, None, False)
    (tmp_path / "m.json").write_text(draft({name: None}, None, True), encoding="utf-8")
    assert load_mapping(tmp_path / "m.json").targets == {name: {}}


def test_a_draft_names_every_source_there_is():
    text = draft({}, None, False)
    assert all(source in text for source in sources())
    assert set(ARKIT_CHANNELS) < set(sources()) and set(load_head().tongue_channels) < set(sources())


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.tsv", "Gob\tjawOpne\n", "line 1: there is no jawOpne: did you mean jawOpen"),
        ("m.tsv", "\n# a comment\nGob\n", "line 3: write TARGET, tab, SOURCE"),
        ("m.tsv", "Gob\tjawOpen\tmuch\n", "much is no number"),
        ("m.tsv", "Gob\tjawOpen\tnan\n", "nan is no number"),
        ("m.json", "{", "is not JSON"),
        ("m.json", "[]", 'no object "targets"'),
        ("m.json", '{"targets": {"Gob": 3}}', "Gob takes a name"),
        ("m.json", '{"targets": {}, "format_version": 9}', "format version 9"),
        ("m.json", '{"targets": {}, "head_bone": 3}', "head_bone takes the name"),
        ("m.txt", "", "ends with .tsv or .json"),
    ],
)
def test_a_mapping_that_is_not_understood(tmp_path, name, text, says):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        load_mapping(path)


def test_a_mapping_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_mapping(tmp_path / "none.tsv")
    (tmp_path / "bytes.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load_mapping(tmp_path / "bytes.tsv")


def test_a_mapping_of_another_head_is_told():
    with pytest.raises(InputError, match="the target Gop, which the head does not have: did you mean Gob"):
        animate_head(odd_head(), animation_of(jawOpen=0.5), Mapping({"Gop": {"jawOpen": 1.0}}))
    with pytest.raises(InputError, match="no node named Kopf"):
        animate_head(odd_head(), animation_of(pose=(0, 0, 0)), Mapping({"Gob": {"jawOpen": 1.0}}, "Kopf"))


def test_json_mappings_take_names_objects_and_null(tmp_path):
    path = tmp_path / "m.json"
    targets = {"Gob": "jawOpen", "Zwinker": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}, "Hut": None}
    path.write_text(json.dumps({"targets": targets}), encoding="utf-8")
    assert load_mapping(path).targets == {
        "Gob": {"jawOpen": 1.0},
        "Zwinker": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
        "Hut": {},
    }
