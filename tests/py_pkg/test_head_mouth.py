"""The mouth of the built-in head: lips, teeth and tongue come where speech wants them. Millimetres, on vertices."""

from __future__ import annotations

import numpy as np
import pytest
from export_support import random_animation, weights_of
from test_glb_file import Glb
from test_render_pictures import place

from diffusiontalker.errors import InputError
from diffusiontalker.head import HEAD_SHAPES, in_head_order, load_head, shaped_head
from diffusiontalker.head.appearance import lit_colors, part_vertices, still_colors, surface_colors
from diffusiontalker.io import save_animation
from diffusiontalker.render import render_frames

F_POSE = {"jawOpen": 0.13, "mouthRollLower": 0.5, "mouthClose": 0.06}
TH_POSE = {"jawOpen": 0.2, "mouthUpperUp": 0.2, "mouthLowerDown": 0.3, "tongueOut": 0.5}
L_POSE = {"jawOpen": 0.25, "mouthUpperUp": 0.2, "mouthLowerDown": 0.3, "tongueTipUp": 0.9}
EH_POSE = {"jawOpen": 0.3, "mouthUpperUp": 0.2, "mouthLowerDown": 0.3}


def pose(**weights: float) -> np.ndarray:
    """float32 [1, 52 or 52 + T]; names without a side set both sides."""
    channels = load_head().all_channels
    named = {c: v for n, v in weights.items() for c in (n, n + "Left", n + "Right") if c in channels}
    return in_head_order(load_head(), tuple(named), np.array([list(named.values())]).reshape(1, -1))


def vertices(head=None, **weights: float) -> np.ndarray:
    """[V, 3] in millimetres."""
    return (head or load_head()).vertices(pose(**weights))[0].astype(float) * 1000


def upper_incisor_edge(head=None) -> np.ndarray:
    """Vertices at the edges of the two middle upper incisors, which no channel moves."""
    head = head or load_head()
    teeth = part_vertices(head, "teeth")
    teeth[head.target(head.channels.index("jawOpen"))[0]] = False
    teeth &= np.abs(head.positions[:, 0]) < 0.0087
    low = head.positions[teeth, 1].min()
    return np.flatnonzero(teeth & (head.positions[:, 1] < low + 0.0005))


def tongue_front(v: np.ndarray) -> np.ndarray:
    """Vertices about the midline that are the foremost 8 mm of the tongue."""
    head = load_head()
    tongue = part_vertices(head, "tongue") & (np.abs(head.positions[:, 0]) < 0.006)
    front = head.positions[tongue, 2].max() - 0.008
    return v[tongue & (head.positions[:, 2] > front)]


def corner_distance(**weights: float) -> float:
    head = load_head()
    red = np.flatnonzero((head.lip_mask > 0.5) & (head.mouth_mask < 0.5))
    ends = red[[head.positions[red, 0].argmax(), head.positions[red, 0].argmin()]]
    x = vertices(**weights)[ends, 0]
    return float(x[0] - x[1])


def lip_line(v: np.ndarray, head=None) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the upper lip's lower edge and of the lower lip's upper edge in the five columns."""
    head = head or load_head()
    return v[head.inner_upper_lip][..., 1].min(axis=1), v[head.inner_lower_lip][..., 1].max(axis=1)


def distance_to_lower_lip(points: np.ndarray, v: np.ndarray, head) -> np.ndarray:
    """Of points [n, 3] from the triangles around the inner lower lip, sampled finely."""
    near = np.isin(head.triangles, head.inner_lower_lip).any(axis=1)
    corners = v[head.triangles[near]]
    a, b = (g.ravel() for g in np.meshgrid(*[np.linspace(0, 1, 15)] * 2))
    share = np.stack([a, b, 1 - a - b], axis=1)[a + b <= 1.0001]
    surface = np.einsum("sk,tkx->tsx", share, corners).reshape(-1, 3)
    return np.array([np.linalg.norm(surface - p, axis=1).min() for p in points])


@pytest.mark.parametrize("shape", HEAD_SHAPES)
def test_f_puts_the_lower_lip_on_the_edge_of_the_upper_incisors(shape):
    head = shaped_head(shape)
    v = vertices(head, **F_POSE)
    assert distance_to_lower_lip(v[upper_incisor_edge(head)], v, head).max() < 1.5
    upper, lower = lip_line(v, head)
    opening = (upper - lower).mean() / (1000 * head.outer_canthal)
    assert 0.01 < opening < (0.03 if shape == "default" else 0.033)
    edge = v[upper_incisor_edge(head), 1].min()
    assert upper[2] - max(edge, lower[2]) > 1.5, "the teeth are seen above the lip"


def teeth_pixels(**weights: float) -> int:
    """Pixels of a front view that are as bright and as grey as teeth, about the middle of the mouth."""
    size = 400
    picture = next(render_frames(load_head(), pose(**weights), size, "face")).astype(int)
    x, y = place(load_head().positions[upper_incisor_edge()], size=size).mean(axis=0).astype(int)
    mouth = picture[y - 25 : y + 25, x - 30 : x + 30]
    return int(((mouth.min(axis=2) > 110) & (np.ptp(mouth, axis=2) < 40)).sum())


def test_f_shows_teeth_between_the_lips():
    assert teeth_pixels(**F_POSE) > 100


@pytest.mark.parametrize("jaw", [0.0, 0.15, 0.3, 0.4])
def test_sealed_lips_hide_the_teeth(jaw):
    assert teeth_pixels(jawOpen=jaw, mouthClose=jaw) == 0


def test_th_brings_the_tip_of_the_tongue_between_the_teeth():
    v = vertices(**TH_POSE)
    tip, edge = tongue_front(v), v[upper_incisor_edge()]
    distance = np.linalg.norm(tip[:, None] - edge[None], axis=2).min()
    assert distance < 2.5
    foremost = tip[tip[:, 2].argmax()]
    assert foremost[2] > edge[:, 2].max() - 1.5, "it comes as far out as the edge of the teeth"
    assert foremost[1] < edge[:, 1].min() < foremost[1] + 4, "and lies right below it"
    assert lip_line(v)[1][2] < foremost[1], "so that it is seen above the lower lip"
    lower = lower_incisor_edge_height(v)
    assert tip[:, 1].min() > lower - 1.0, "over the lower teeth, not through them"


def lower_incisor_edge_height(v: np.ndarray) -> float:
    head = load_head()
    teeth = part_vertices(head, "teeth") & (np.abs(head.positions[:, 0]) < 0.006)
    still = np.ones(len(teeth), bool)
    still[head.target(head.channels.index("jawOpen"))[0]] = False
    return float(v[teeth & ~still, 1].max())


def test_l_brings_the_tip_of_the_tongue_to_the_upper_incisors():
    v = vertices(**L_POSE)
    tip, edge = tongue_front(v), v[upper_incisor_edge()]
    assert np.linalg.norm(tip[:, None] - edge[None], axis=2).min() < 2.5
    assert tip[:, 1].min() < edge[:, 1].min() - 1.0, "below the edge it is seen"
    without = tongue_front(vertices(**{**L_POSE, "tongueTipUp": 0.0}))
    assert np.linalg.norm(without[:, None] - edge[None], axis=2).min() > 8


def test_tongue_out_at_full_weight_leaves_the_mouth():
    v = vertices(jawOpen=0.4, tongueOut=1.0)
    head = load_head()
    lip_front = v[head.inner_lower_lip][..., 2].max()
    assert tongue_front(v)[:, 2].max() > lip_front + 5
    assert tongue_front(v)[:, 1].min() > lip_line(v)[1][2], "above the lower lip"


def test_press_does_not_widen_the_mouth():
    rest = corner_distance()
    assert rest - 4 < corner_distance(mouthPress=1.0) < rest - 1
    assert corner_distance(mouthPress=0.3) < rest - 0.5
    one_side = vertices(mouthPressLeft=1.0) - vertices()
    assert np.abs(one_side[load_head().positions[:, 0] < -0.011]).max() < 1e-6, "one side is left alone"


@pytest.mark.parametrize("channel", ["mouthRollUpper", "mouthRollLower", "mouthShrugUpper", "mouthShrugLower"])
def test_rolling_and_shrugging_leave_the_corners_where_they_are(channel):
    assert abs(corner_distance(**{channel: 1.0}) - corner_distance()) < 1.0


def test_press_thins_the_red_of_the_lips():
    head = load_head()
    red = (head.lip_mask > 0.5) & (head.mouth_mask < 0.5) & (np.abs(head.positions[:, 0]) < 0.004)
    assert np.ptp(vertices(mouthPress=1.0)[red, 1]) < np.ptp(vertices()[red, 1]) - 1.5


@pytest.mark.parametrize("shape", HEAD_SHAPES)
@pytest.mark.parametrize("jaw", [0.0, 0.15, 0.25, 0.4])
def test_lips_seal_without_a_slit_at_every_jaw(jaw, shape):
    head = shaped_head(shape)
    upper, lower = lip_line(vertices(head, jawOpen=jaw, mouthClose=jaw), head)
    assert (np.abs(upper - lower) < 0.35).all(), "they meet, and neither goes into the other"
    rest = lip_line(vertices(head), head)
    assert 5 * jaw <= rest[0][2] - upper[2] <= 9 * jaw, "the upper lip comes down"


def test_upper_incisors_show_when_the_mouth_opens():
    for weights in (EH_POSE, {"jawOpen": 0.12, "mouthUpperUp": 0.2, "mouthLowerDown": 0.4}):
        v = vertices(**weights)
        upper, lower = lip_line(v)
        seen = upper[1:4].mean() - max(v[upper_incisor_edge(), 1].min(), lower[2])
        assert 3.0 < seen < 8.0, weights


def test_teeth_stay_behind_the_lips_at_rest():
    head, v = load_head(), vertices()
    edge = v[upper_incisor_edge()]
    inside = v[head.inner_lower_lip[2], 2].min()
    assert 0 < inside - edge[:, 2].max() < 4
    assert (edge[:, 1] < lip_line(v)[1][2]).all(), "their edges lie behind the lower lip"


@pytest.mark.slow
def test_targets_of_left_and_right_are_mirror_images():
    head = load_head()
    places = head.positions.astype(float)
    moves = np.zeros((len(head.all_channels), *places.shape))
    for k in range(len(moves)):
        where, deltas = head.target(k)
        moves[k, where] = deltas
    for k, name in enumerate(head.all_channels):
        other = name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        image = moves[head.all_channels.index(other)] * [-1, 1, 1]
        moved = np.flatnonzero(np.abs(moves[k]).max(axis=1) > 1e-4)[::7]
        for i in moved:
            # Several vertices may lie at one place, as the lashes do.
            there = np.abs(places - places[i] * [-1, 1, 1]).max(axis=1) < 2e-5
            if there.any():
                assert np.abs(image[there] - moves[k, i]).max(axis=1).min() < 1e-4, (name, i)


def test_every_channel_moves_something_by_a_visible_way():
    head = load_head()
    for k, name in enumerate(head.all_channels):
        assert np.linalg.norm(head.target(k)[1], axis=1).max() > 0.002, name


def test_tongue_channels_are_extra_and_optional():
    head = load_head()
    assert len(head.channels) == 52 and head.tongue_channels == ("tongueTipUp", "tongueBodyUp")
    assert not set(head.tongue_channels) & set(head.channels)
    plain = head.vertices(weights_of(jawOpen=0.3))
    longer = np.hstack([weights_of(jawOpen=0.3), np.zeros((1, 2), np.float32)])
    assert np.array_equal(head.vertices(longer), plain)
    assert in_head_order(head, ("jawOpen",), np.ones((1, 1))).shape == (1, 52)
    assert in_head_order(head, ("tongueTipUp",), np.ones((1, 1))).shape == (1, 54)
    longer[0, -2] = 1
    moved = np.abs(head.vertices(longer) - plain).max(axis=(0, 2)) > 0
    assert moved.any() and not (moved & ~part_vertices(head, "tongue")).any()
    some = np.array([[0, 4507], [4876, 12]])
    assert np.abs(head.vertices_at(longer, some) - head.vertices(longer)[:, some]).max() < 1e-6
    with pytest.raises(InputError, match=r"\[1, 53\].*\[n, 52\].*\[n, 54\] with tongueTipUp"):
        head.vertices(np.zeros((1, 53)))


@pytest.mark.parametrize("shape", [s for s in HEAD_SHAPES if s != "default"])
def test_tongue_shapes_go_along_with_every_head(shape):
    """The tip that reaches the teeth of one head reaches those of the others: place and movement are warped alike."""
    head = shaped_head(shape)
    v = vertices(head, **L_POSE)
    tongue = part_vertices(head, "tongue") & (np.abs(head.positions[:, 0]) < 0.006)
    distance = np.linalg.norm(v[tongue][:, None] - v[upper_incisor_edge(head)][None], axis=2).min()
    assert distance < 3.0


def test_glb_has_tongue_targets_only_for_an_animation_with_tongue_channels(tmp_path):
    for channels, n in ((("jawOpen",), 52), (("jawOpen", "tongueTipUp"), 54)):
        anim = random_animation(3, channels=channels)
        save_animation(anim, tmp_path / "a.glb", force=True)
        glb = Glb(tmp_path / "a.glb")
        mesh = glb.json["meshes"][0]
        assert len(mesh["weights"]) == len(mesh["extras"]["targetNames"]) == n
        assert {len(p["targets"]) for p in mesh["primitives"]} == {n}
        keys = glb.array(glb.json["animations"][0]["samplers"][0]["output"]).reshape(3, n)
        for i, name in enumerate(channels):
            assert np.array_equal(keys[:, mesh["extras"]["targetNames"].index(name)], anim.weights[:, i])


def test_cavity_darkens_with_depth_and_teeth_are_its_brightest_part():
    head = load_head()
    colors, inside = surface_colors(head)
    lit = lit_colors(colors, inside, head.vertices(pose(jawOpen=0.4))[0], 0.12)[:, :3].mean(axis=1)
    z, near = head.positions[:, 2], np.abs(head.positions[:, 0]) < 0.006
    walls = (head.mouth_mask > 0.9) & near
    front, middle, deep = (
        lit[walls & (z > a) & (z < b)].mean() for a, b in ((0.015, 0.03), (-0.01, 0.01), (-0.06, -0.02))
    )
    assert front > 1.5 * middle > 2 * deep
    teeth = lit[upper_incisor_edge()].mean()
    tongue = lit[part_vertices(head, "tongue") & near & (z > 0.005)].mean()
    assert teeth > 1.6 * tongue > 2 * middle
    still = still_colors(head).mean(axis=1)
    assert still[upper_incisor_edge()].mean() > 3 * still[walls & (z < 0)].mean(), "and so it is in GLB files"


def test_closed_lips_let_no_light_in():
    head = load_head()
    colors, inside = surface_colors(head)
    lit = lit_colors(colors, inside, head.positions, 0.0)[:, :3]
    assert lit[upper_incisor_edge()].max() < 0.1
