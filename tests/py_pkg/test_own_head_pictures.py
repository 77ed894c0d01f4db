"""The user's own character as it is drawn: places of its vertices, colours of its surface, pictures of the commands."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import numpy as np
import pytest
from export_support import random_animation, weights_of
from own_head_support import FLOAT, USHORT, Character, pack, unpack
from PIL import Image

from diffusiontalker.api.animation import Animation
from diffusiontalker.cli.main import main
from diffusiontalker.errors import InputError
from diffusiontalker.head import load_head, turned
from diffusiontalker.io import save_animation
from diffusiontalker.io.gltf.accessors import read_accessor
from diffusiontalker.io.gltf.container import read_gltf
from diffusiontalker.ownhead import Mapping, prepare_head
from diffusiontalker.ownhead.bones import face_axes
from diffusiontalker.ownhead.figure import figure_of
from diffusiontalker.ownhead.materials import Material, material_of
from diffusiontalker.ownhead.puppet import has_own_head, puppet_of, puppet_of_data, puppet_of_file
from diffusiontalker.render.character import CharacterPictures
from diffusiontalker.render.paint import paint
from diffusiontalker.render.scene import render_frames
from diffusiontalker.spec.channels import ARKIT_CHANNELS


def foreign(path):
    """Our own head as if another program had made it."""
    text, binary, rest = unpack(path.read_bytes())
    document = json.loads(text)
    document["asset"]["generator"] = "another program"
    path.write_bytes(pack(json.dumps(document).encode(), binary, rest))
    return path


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """(animation with a head pose, .glb of it with our head as another program's)."""
    animation = random_animation(5, pose=True)
    path = tmp_path_factory.mktemp("spoken") / "a.glb"
    save_animation(animation, path)
    assert not has_own_head(path)
    return animation, foreign(path)


def expected(animation, k: int) -> np.ndarray:
    head = load_head()
    return turned(head, head.vertices(animation.weights[k : k + 1]), animation.head_pose[k : k + 1])[0]


def nearest(points: np.ndarray, others: np.ndarray) -> float:
    """The largest distance of a point to the nearest of the others."""
    return max(float(np.linalg.norm(others - p, axis=1).min()) for p in points[:: max(1, len(points) // 200)])


@pytest.mark.slow
def test_a_file_with_its_animation_has_the_places_of_the_head_that_it_was_made_of(spoken):
    animation, path = spoken
    assert has_own_head(path)
    puppet = puppet_of_file(path)
    assert (puppet.n_frames, puppet.rate) == (5, Fraction(30))
    for k in (0, 3):
        places = np.concatenate([puppet.vertices(part, k) for part in puppet.figure.parts])
        assert nearest(places, expected(animation, k)) < 2e-5
        assert nearest(places, expected(animation, 4 - k)) > 2e-3, "another frame has other places"


@pytest.mark.slow
def test_a_character_that_an_animation_moves_has_them_too(spoken):
    animation, path = spoken
    whole = Mapping({"tongueOut": {"tongueOut": 1.0}})  # by its name alone it would move less
    puppet = puppet_of(prepare_head(path.read_bytes(), whole), animation)
    of_file = puppet_of_file(path)
    for part, same in zip(puppet.figure.parts, of_file.figure.parts, strict=True):
        np.testing.assert_allclose(puppet.vertices(part, 2), of_file.vertices(same, 2), atol=1e-6)


def skinned() -> Character:
    """A square below a scaled node, whose right half follows the joint Head and whose left half follows Body."""
    c = Character()
    square = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], float)
    position, target = c.accessor(square), c.accessor(np.tile([0, 0, 1.0], (4, 1)))
    joints = c.view(np.array([[0, 1, 0, 0]] * 4, "<u2").tobytes())
    weights = c.view(np.array([[4, 0, 0, 0], [0, 4, 0, 0], [1, 3, 0, 0], [4, 0, 0, 0]], "<f4").tobytes())
    for view, kind in ((joints, USHORT), (weights, FLOAT)):
        c.document["accessors"].append({"bufferView": view, "componentType": kind, "count": 4, "type": "VEC4"})
    attributes = {"POSITION": position, "JOINTS_0": position + 2, "WEIGHTS_0": position + 3}
    indices = c.view(np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes())
    c.document["accessors"].append({"bufferView": indices, "componentType": USHORT, "count": 6, "type": "SCALAR"})
    primitive = {"attributes": attributes, "indices": position + 4, "targets": [{"POSITION": target}]}
    c.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": ["jawOpen"]}})
    # The joints are where the skin was bound, moved up by 2: their inverse bind matrices are the identity.
    body = c.node(name="Body", translation=[0, 2, 0], children=[1])
    assert c.node(root=False, name="Head", translation=[0.5, 0, 0], rotation=[0, 0, 0, 1]) == 1
    bind = np.stack([np.eye(4), np.eye(4)])
    bind[1, 3, 0] = -0.5  # columns
    view = c.view(np.float32(bind).tobytes())
    c.document["accessors"].append({"bufferView": view, "componentType": FLOAT, "count": 2, "type": "MAT4"})
    c.document["skins"] = [{"joints": [body, 1], "inverseBindMatrices": len(c.document["accessors"]) - 1}]
    c.node(mesh=0, skin=0, name="Face", translation=[9, 9, 9], scale=[7, 7, 7])  # of which a skin takes nothing
    return c


def test_a_skin_stands_in_the_pose_of_its_joints_and_turns_by_its_weights():
    animation = Animation(weights_of(jawOpen=0.5), ARKIT_CHANNELS, 30, head_pose=np.array([[0.3, 0, 0]], np.float32))
    puppet = puppet_of(prepare_head(skinned().glb()), animation)
    (part,) = puppet.figure.parts
    np.testing.assert_allclose(part.positions, [[-1, 2, 0], [1, 2, 0], [1, 3, 0], [-1, 3, 0]], atol=1e-6)
    np.testing.assert_allclose(part.share[:, 0], [0, 1, 0.75, 0], atol=1e-6)
    assert puppet.figure.movers == (1,)
    moved = puppet.vertices(part, 0)
    np.testing.assert_allclose(moved[0], [-1, 2, 0.5], atol=1e-6)
    # A yaw to the subject's left, about the joint: x -> cos x + sin z, z -> cos z - sin x.
    cos, sin = np.cos(0.3), np.sin(0.3)
    np.testing.assert_allclose(moved[1], [0.5 + 0.5 * cos + 0.5 * sin, 2, 0.5 * cos - 0.5 * sin], atol=1e-6)


def test_a_bone_below_a_bone_goes_with_it():
    """A jaw below a head below a scaled root; the mesh hangs on the jaw."""
    c = Character()
    c.mesh(["jawOpen"])
    c.document["nodes"][0] |= {"name": "Face", "translation": [0, 0, 1]}
    c.document["scenes"][0]["nodes"] = [3]
    c.node(root=False, name="Jaw", translation=[0, 1, 0], rotation=[0, 0, 0.6, 0.8], children=[0])
    c.node(root=False, name="Head", translation=[0.5, 0, 0], children=[1])
    c.node(root=False, name="Root", scale=[2, 2, 2], children=[2])
    half = np.sqrt(0.5)
    times = c.accessor(np.array([0.0, 1 / 30]), type="SCALAR", min=[0], max=[1 / 30])
    turns = [c.accessor(np.array([[0, 0, 0, 1], q]), type="VEC4") for q in ([0, half, 0, half], [half, 0, 0, half])]
    c.document["animations"] = [
        {
            "samplers": [{"input": times, "output": turn} for turn in turns],
            "channels": [{"sampler": i, "target": {"node": 2 - i, "path": "rotation"}} for i in (0, 1)],
        }
    ]
    puppet = puppet_of_data(c.glb())
    assert puppet.figure.movers == (2, 1) and puppet.figure.above == (-1, 0)
    (part,) = puppet.figure.parts
    moved = puppet.vertices(part, 1)
    # In the jaw the corners are at [0, 0, 1], [1, 0, 1], [0, 1, 1]. A quarter about x takes y to z and z to -y, one
    # about y takes z to x and x to -z.
    in_head = np.array([[0, -1, 0], [1, -1, 0], [0, -1, 1]]) + [0, 1, 0]
    in_root = np.stack([in_head[:, 2], in_head[:, 1], -in_head[:, 0]], axis=1) + [0.5, 0, 0]
    np.testing.assert_allclose(moved, 2 * in_root, atol=1e-5)


def test_only_the_scene_is_drawn_and_nodes_place_their_meshes():
    c = Character()
    c.mesh(["jawOpen"])
    c.document["nodes"][0] |= {"translation": [1, 2, 3], "scale": [2, 2, 2]}
    c.node(root=False, mesh=0)
    gltf = read_gltf(c.glb())
    (part,) = figure_of(gltf, [], face_axes(gltf)).parts
    np.testing.assert_allclose(part.positions, [[1, 2, 3], [3, 2, 3], [1, 4, 3]])
    raw = read_accessor(gltf, gltf.document["meshes"][0]["primitives"][0]["targets"][0]["POSITION"])
    np.testing.assert_allclose(part.deltas[0], 2 * raw, rtol=1e-6)


def painted_square(picture: Image.Image, **material):
    """A unit square with a picture, seen from +z."""
    c = Character()
    c.mesh(["jawOpen"])
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 0], [0, 1, 0]]
    primitive = c.document["meshes"][0]["primitives"][0]
    primitive["targets"] = [{"POSITION": c.accessor(np.tile([0, 0, 0.1], (6, 1)))}]
    uv = np.array([[x, 1 - y, 0] for x, y, _ in corners], float)
    primitive["attributes"] = {"POSITION": c.accessor(np.array(corners)), "TEXCOORD_0": c.accessor(uv)}
    primitive["material"] = 0
    file = io.BytesIO()
    picture.save(file, "PNG")
    c.document["images"] = [{"bufferView": c.view(file.getvalue()), "mimeType": "image/png"}]
    c.document["textures"] = [{"source": 0}]
    base = {"baseColorTexture": {"index": 0}, **material.pop("base", {})}
    c.document["materials"] = [{"pbrMetallicRoughness": base, **material}]
    return c


def colors_of(character: Character):
    gltf = read_gltf(character.glb())
    (part,) = figure_of(gltf, [], np.eye(3)).parts
    painted = paint(part, np.ones(len(part.triangles), bool))
    return painted.places(part.positions), painted


def test_a_picture_is_on_the_surface_where_its_coordinates_say():
    """Red above, green below, each 16 pixels high; a vertex every few pixels where the two meet."""
    picture = Image.new("RGB", (32, 32), (0, 255, 0))
    picture.paste((255, 0, 0), (0, 0, 32, 16))
    places, painted = colors_of(painted_square(picture))
    red, green = painted.colors[:, 0] > 0.99, painted.colors[:, 1] > 0.99
    assert len(places) > 50
    assert (places[red & ~green, 1] > 0.5).all() and (places[green & ~red, 1] < 0.5).all()
    assert red[(places[:, 1] > 0.6) & (places[:, 1] < 0.95)].all()
    area = np.linalg.norm(
        np.cross(*(places[painted.triangles[:, i]] - places[painted.triangles[:, 0]] for i in (1, 2))), axis=1
    )
    np.testing.assert_allclose(area.sum() / 2, 1, rtol=1e-5)


def test_a_plain_picture_needs_no_more_vertices_and_the_factor_multiplies_in_linear_light():
    places, painted = colors_of(
        painted_square(Image.new("RGB", (64, 64), (255, 128, 0)), base={"baseColorFactor": [0.5, 1, 1, 1]})
    )
    assert len(places) == 6
    np.testing.assert_allclose(painted.colors[:, :3], [[0.735, 128 / 255, 0]] * 6, atol=2e-3)


def test_what_is_see_through_is_left_out():
    picture = Image.new("RGBA", (32, 32), (255, 255, 255, 255))
    picture.paste((255, 255, 255, 0), (0, 0, 16, 32))
    for mode, share in (({"alphaMode": "MASK"}, 0.5), ({"alphaMode": "BLEND"}, 0.5), ({}, 1.0)):
        places, painted = colors_of(painted_square(picture, **mode))
        a, b, c = (places[painted.triangles[:, i]] for i in range(3))
        assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(share, abs=0.06)


def test_a_character_that_is_see_through_is_told():
    glass = painted_square(Image.new("RGBA", (4, 4), (255, 255, 255, 0)), alphaMode="MASK")
    animation = Animation(weights_of(jawOpen=0.5), ARKIT_CHANNELS, 30)
    with pytest.raises(InputError, match="nothing to draw where its face moves"):
        CharacterPictures(puppet_of(prepare_head(glass.glb()), animation), "face")


def test_the_transform_of_a_picture():
    material = Material(scale=(2, 3), offset=(0.5, 0.25), rotation=np.pi / 2)
    # KHR_texture_transform: offset + rotation (counter-clockwise on the picture) of the scaled coordinates.
    np.testing.assert_allclose(
        material.coordinates(np.array([[1.0, 0.0], [0.0, 1.0]])), [[0.5, -1.75], [3.5, 0.25]], atol=1e-6
    )


def test_pictures_of_our_head_as_another_are_those_of_our_head(spoken):
    """The camera, the places and the turn agree; colours differ, as files hold colours that do not follow the mouth."""
    _, path = spoken
    weights = np.concatenate([weights_of(), weights_of(jawOpen=0.6)])
    calm = Animation(weights, ARKIT_CHANNELS, 30, head_pose=np.array([[0, 0, 0], [0.4, 0.1, 0]], np.float32))
    for view in ("front", "face", "three-quarter"):
        mine = list(CharacterPictures(puppet_of(prepare_head(path.read_bytes()), calm), view).frames([0, 1], 160))
        ours = list(render_frames(load_head(), weights, 160, view, head_pose=calm.head_pose))
        same, other = (
            [np.abs(a.astype(int) - b).mean() for a, b in zip(mine, theirs, strict=True)]
            for theirs in (ours, ours[::-1])
        )
        assert max(same) < 0.5 < 5 < min(other)


@pytest.mark.slow
def test_render_draws_the_head_of_a_file_and_of_the_option(tmp_path, monkeypatch, spoken, capsys):
    monkeypatch.chdir(tmp_path)
    animation, path = spoken
    save_animation(animation, "take.npz")
    save_animation(animation, "ours.glb")
    (tmp_path / "theirs.glb").write_bytes(path.read_bytes())
    drawn = []
    import diffusiontalker.render as pictures

    monkeypatch.setattr(
        pictures, "contact_sheet", lambda anim, out, **k: drawn.append(k["puppet"]) or out.write_bytes(b"x")
    )
    assert main(["render", "theirs.glb", "-o", "a.png"]) == 0
    assert main(["render", "ours.glb", "-o", "b.png"]) == 0
    assert main(["render", "take.npz", "--head", "theirs.glb", "-o", "c.png"]) == 0
    assert main(["render", "theirs.glb", "--head", "round", "-o", "d.png"]) == 0
    assert [puppet is not None for puppet in drawn] == [True, False, True, False]
    assert main(["render", "take.npz", "--head", "none.glb", "-o", "e.png"]) == 3
    assert "none.glb does not exist" in capsys.readouterr().err


@pytest.mark.slow
def test_a_sheet_of_a_character_without_arkit_names_has_no_curves_but_its_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, binary, rest = unpack(_spoken_file(tmp_path).read_bytes())
    document = json.loads(text)
    names = document["meshes"][0]["extras"]["targetNames"]
    document["meshes"][0]["extras"]["targetNames"] = [f"shape {i}" for i in range(len(names))]
    (tmp_path / "odd.glb").write_bytes(pack(json.dumps(document).encode(), binary, rest))
    assert main(["render", "odd.glb", "-o", "odd.png", "-q"]) == 0
    with Image.open("odd.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert np.ptp(pixels[:300, :300]) > 100


def _spoken_file(folder):
    save_animation(random_animation(2), folder / "b.glb")
    return foreign(folder / "b.glb")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["meshes"][0]["primitives"][0]["attributes"].update(POSITION=99), "damaged"),
        (lambda d: d["nodes"][0].update(skin=3), "damaged"),
        (lambda d: d["meshes"][0]["primitives"][0].update(material=7), "damaged"),
        (lambda d: d["scenes"][0].update(nodes=[]), "no triangles in its scene"),
        (lambda d: d["meshes"][0]["primitives"][0].update(extensions={"KHR_draco_mesh_compression": {}}), "damaged"),
    ],
)
def test_a_character_that_cannot_be_drawn_is_told(change, says):
    c = Character()
    c.mesh(["jawOpen"])
    change(c.document)
    gltf = read_gltf(c.glb())
    with pytest.raises(InputError, match=says):
        figure_of(gltf, [], np.eye(3))


def test_a_material_of_the_file_or_none():
    gltf = read_gltf(
        painted_square(Image.new("RGB", (2, 2)), alphaMode="MASK", alphaCutoff=0.3, doubleSided=True).glb()
    )
    material = material_of(gltf, 0)
    assert (material.cutoff, material.two_sided, material.kind) == (0.3, True, "image/png")
    assert material.picture is not None and material.picture[:4] == b"\x89PNG"
    assert (material_of(gltf, None).color, material_of(gltf, None).picture) == ((1, 1, 1, 1), None)
