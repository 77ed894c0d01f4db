"""The shipped model as FP16 engines, really built: names, shapes, types, profiles, share of FP16, manifest."""

import hashlib
import json

from conftest import BASE

from diffusiontalker.trt_build.sets.identity import Identity, bundle_hash
from diffusiontalker.trt_build.sets.sidecar import file_problem, read

DESCRIPTION = json.loads((BASE / "bundle.json").read_text())
WINDOW = sum(DESCRIPTION["profiles"]["live"].values())
N_MEL = WINDOW // 3 * 10


def engine_of(found, network):
    return next(e for e in found.engines if e.network == network)


def test_every_network_has_its_plan(base_set):
    expected = {f"audio_encoder-w{WINDOW}.plan", f"denoiser-w{WINDOW}.plan", "conditioner.plan", "style_encoder.plan"}
    assert {e.file for e in base_set.engines} == expected
    assert {p.name for p in base_set.folder.iterdir()} == expected | {"engines.json"}
    assert file_problem(base_set) == ""


def test_tensors_are_those_of_the_bundle_format_in_float32(base_set):
    networks = DESCRIPTION["networks"]
    d, k = networks["audio_encoder"]["n_features"], networks["conditioner"]["n_condition"]
    c, n_steps = len(DESCRIPTION["motion"]["channels"]), len(DESCRIPTION["sampler"]["steps"])
    n_styles = 1 + len(DESCRIPTION["identities"]["emotions"])
    expected = {
        "audio_encoder": ({"mel": [-1, N_MEL, 80]}, {"audio": [-1, WINDOW, d]}),
        "denoiser": (
            {"x_t": [-1, WINDOW, c], "known": [-1, WINDOW, 1], "audio": [-1, WINDOW, d], "condition": [-1, k]},
            {"x0": [-1, WINDOW, c]},
        ),
        "conditioner": ({"style": [n_steps, 64], "t": [n_steps]}, {"condition": [n_steps, k]}),
        "style_encoder": ({"mel": [1, -1, 80]}, {"styles": [1, n_styles, 64]}),
    }
    for network, (inputs, outputs) in expected.items():
        tensors = engine_of(base_set, network).tensors
        assert {t["name"]: t["shape"] for t in tensors if t["input"]} == inputs
        assert {t["name"]: t["shape"] for t in tensors if not t["input"]} == outputs
        assert {t["type"] for t in tensors} == {"f32"}


def test_profiles_are_the_batches_in_order(base_set):
    batches = [{"batch": 1}, {"batch": 8}, {"batch": 64}]
    assert engine_of(base_set, "audio_encoder").profiles == engine_of(base_set, "denoiser").profiles == batches
    assert engine_of(base_set, "conditioner").profiles == [{"batch": len(DESCRIPTION["sampler"]["steps"])}]
    limits = {k: DESCRIPTION["networks"]["style_encoder"][k] for k in ("min_mel_frames", "max_mel_frames")}
    assert engine_of(base_set, "style_encoder").profiles == [{"batch": 1, **limits}]


def test_all_products_of_audio_encoder_and_denoiser_are_float16(base_set):
    for network in ("audio_encoder", "denoiser"):
        engine = engine_of(base_set, network)
        # 40 and 47: linear layers, convolutions, and two products in each attention.
        assert engine.fp16_matrix_layers == engine.matrix_layers >= 40
        assert 0.5 * engine.layers < engine.fp16_layers < engine.layers
    for network in ("conditioner", "style_encoder"):
        engine = engine_of(base_set, network)
        assert engine.fp16_layers == 0 < engine.matrix_layers


def test_manifest_says_what_the_set_is_for(base_set, rtx):
    identity = base_set.identity
    assert identity.bundle_sha256 == hashlib.sha256((BASE / "bundle.json").read_bytes()).hexdigest()
    assert (identity.library, identity.library_version, identity.gpu) == ("tensorrt-rtx", rtx.version, None)
    assert (identity.precision, identity.windows, identity.batches) == ("f16", (WINDOW,), (1, 8, 64))
    for engine in base_set.engines:
        data = (base_set.folder / engine.file).read_bytes()
        assert (engine.bytes, engine.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert list(data[24:27]) == [int(n) for n in rtx.version.split(".")[:3]]
    assert read(base_set.folder) == base_set
    assert Identity.from_dict(identity.as_dict()) == identity


def test_key_is_the_hash_of_the_canonical_json(base_set):
    content = json.loads((base_set.folder / "engines.json").read_text())["identity"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert base_set.identity.key == hashlib.sha256(text.encode()).hexdigest()[:24]
    assert content["bundle_sha256"] == bundle_hash(BASE)
