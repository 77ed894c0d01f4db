"""Bundles that want to hurt: files outside of themselves, devices, bombs, two contents in one file. Every command and
load() refuse them in one sentence, and all for the same reason, because one reader looks at them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zipfile

import onnx
import pytest
from bundles import KINDS, file_entry, write_bundle
from onnx import TensorProto, helper

import diffusiontalker as dt
from diffusiontalker.errors import BundleError
from diffusiontalker.spec import bundles

SHA = "0" * 64


@pytest.fixture
def folder(tmp_path, tiny_bundle):
    return shutil.copytree(tiny_bundle, tmp_path / "hostile")


def rewrite(folder, change):
    """Edits bundle.json."""
    path = folder / "bundle.json"
    description = json.loads(path.read_text())
    change(description)
    path.write_text(json.dumps(description))


def replace_file(folder, name, data):
    """Another file with the right size and hash in bundle.json."""
    (folder / name).write_bytes(data)
    rewrite(folder, lambda d: d["files"].update({name: file_entry(data)}))


def listed(name, size=0, sha=SHA):
    return lambda d: d["files"].update({name: {"size_bytes": size, "sha256": sha}})


def key(*path, value):
    def change(description):
        for part in path[:-1]:
            description = description[part]
        description[path[-1]] = value

    return change


MANIFESTS = {
    "device": (listed("/dev/zero"), "plain file name"),
    "parent": (listed("../secret.txt"), "plain file name"),
    "absolute": (listed("/etc/passwd"), "plain file name"),
    "backslash": (listed("..\\secret.txt"), "plain file name"),
    "drive": (listed("C:secret.txt"), "plain file name"),
    "zero": (listed("a\0b"), "plain file name"),
    "escape": (listed("a\x1b[2Jb"), "plain file name"),
    "windows": (listed("NUL.txt"), "plain file name"),
    "itself": (listed("bundle.json"), "plain file name"),
    "long": (listed("a" * 256), "plain file name"),
    "case": (listed("readme.MD"), "twice"),
    "network": (key("networks", "denoiser", "file", value="../denoiser.onnx"), "plain file name"),
    "negative": (listed("x", -1), "size_bytes"),
    "huge": (listed("x", 2**40), "size_bytes"),
    "sum": (lambda d: [listed(f"x{i}", 2**30)(d) for i in range(3)], "bytes in all"),
    "hash": (listed("x", 1, "z"), "sha256"),
    "null files": (key("files", value=None), "files is not an object"),
    "null entry": (key("files", "README.md", value=None), "is not an object"),
    "numbers as names": (key("motion", "channels", value=list(range(52))), "is not a string"),
    "null names": (key("identities", "names", value=None), "is not an array"),
    "rate of 0": (key("motion", "fps_num", value=0), "fps_num is 0"),
    "channels": (key("motion", "channels", value=[f"c{i}" for i in range(60000)]), "expected 1 to 4096"),
    "emotions": (key("identities", "emotions", value=[f"e{i}" for i in range(60000)]), "expected 1 to 256"),
    "deep": (key("provenance", value=json.loads("[" * 40 + "]" * 40)), "16 deep"),
    "mel": (key("audio", "n_mels", value=3_000_000), "n_mels is 3000000"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest_is_refused_by_all_alike(folder, tmp_path, name):
    (tmp_path / "secret.txt").write_text("secret")
    change, says = MANIFESTS[name]
    rewrite(folder, change)
    messages = set()
    for use in (
        lambda: bundles.read_description(folder),
        lambda: bundles.check(folder),
        lambda: bundles.pack(folder, tmp_path / "packed"),
        lambda: dt.load(folder, backend="reference"),
    ):
        with pytest.raises(BundleError, match=says) as error:
            use()
        messages.add(str(error.value))
    assert len(messages) == 1, messages
    assert all(ord(c) >= 32 for c in messages.pop())


@pytest.mark.parametrize(
    "text", [b"[" * 6_000_000, b'{"a":' * 100_000, b'{"format":1,"format":2}', b"\xff\xfe", b"", b"\0"]
)
def test_text_that_is_no_manifest_is_refused_by_all(folder, text):
    (folder / "bundle.json").write_bytes(text)
    for use in (bundles.read_description, bundles.check, dt.load):
        with pytest.raises(BundleError, match=r"bundle\.json"):
            use(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["denoiser.onnx", "bundle.json"])
def test_pipe_in_a_bundle_is_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(BundleError, match="has no file"):
        bundles.check(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="a link to /dev/zero")
def test_link_to_a_device_is_not_read(folder):
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to("/dev/zero")
    with pytest.raises(BundleError, match="has no file"):
        bundles.check(folder)


def test_file_that_grew_is_read_as_far_as_listed(folder):
    with (folder / "README.md").open("ab") as f:
        f.truncate(1 << 33)  # sparse
    with pytest.raises(BundleError, match="more than"):
        bundles.read_file(folder, "README.md")


def test_only_listed_files_are_given(folder):
    (folder / "other").write_text("x")
    for name in ("other", "../hostile/bundle.json", "/etc/passwd", ""):
        with pytest.raises(BundleError, match="lists no file"):
            bundles.read_file(folder, name)
    assert bundles.read_file(folder, "README.md") == b"# tiny\n"


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "no/such/bundle"])
def test_path_that_cannot_be_is_a_sentence(path):
    with pytest.raises(BundleError):
        bundles.resolve(path)
    with pytest.raises((BundleError, ValueError)):
        bundles.read_file(path, "bundle.json")


def packed(folder, target):
    bundles.pack(folder, target)
    return target.read_bytes()


def test_file_with_two_directories_is_refused_by_all(folder, tmp_path):
    """Python's zipfile takes the directory in front of the end, others the place that the end names."""
    shown = packed(folder, tmp_path / "shown")
    rewrite(folder, key("name", value="evil"))
    loaded = packed(folder, tmp_path / "loaded")
    for n, data in enumerate(
        (loaded + shown, shown[:-22] + loaded, shown + b"x", b"x" + shown, shown[:-2] + b"\5\0hello")
    ):
        path = tmp_path / f"{n}.dtb"
        path.write_bytes(data)
        for use in (bundles.read_description, bundles.check, dt.load):
            with pytest.raises(BundleError, match="not a packed bundle"):
                use(path)
        with pytest.raises(BundleError, match="not a packed bundle"):
            dt.load(data)


def test_compressed_and_doubled_entries_are_refused_by_all(folder, tmp_path):
    bomb, double = tmp_path / "bomb.dtb", tmp_path / "double.dtb"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("bundle.json", b" " * (8 << 20))
    with zipfile.ZipFile(double, "w") as z:
        z.writestr("bundle.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            z.writestr("bundle.json", b"{}")
    for path, says in ((bomb, "compressed"), (double, "twice")):
        for use in (bundles.read_description, bundles.check, dt.load):
            with pytest.raises(BundleError, match=says):
                use(path)


def external_model(location) -> bytes:
    """The denoiser's interface, with a weight whose values lie in another file."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[52], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=str(location))
    infos = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (
            ("x_t", ["B", "W", 52]), ("known", ["B", "W", 1]), ("audio", ["B", "W", 8]), ("condition", ["B", 24]),
        )
    ]  # fmt: skip
    result = helper.make_tensor_value_info("x0", TensorProto.FLOAT, ["B", "W", 52])
    graph = helper.make_graph([helper.make_node("Add", ["x_t", "w"], ["x0"])], "g", infos, [result], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()


@pytest.mark.parametrize("backend", ["openvino", "reference"])
def test_network_cannot_read_other_files(folder, tmp_path, monkeypatch, backend):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(52 * 4))
    monkeypatch.chdir(tmp_path)
    for location in ("secret.bin", secret, "../secret.bin"):
        replace_file(folder, "denoiser.onnx", external_model(location))
        with pytest.raises(BundleError, match="denoiser.onnx: .*keeps its data in another file"):
            dt.load(folder, backend=backend)
    with pytest.raises(BundleError, match="keeps its data in another file"):
        bundles.pack(folder, tmp_path / "packed")


@pytest.mark.parametrize("backend", ["openvino", "reference"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'<?xml version="1.0"?><net name="x" version="11"><layers/></net>', "damaged"),
        (b"\x0a\x04node", "holds no graph"),
        (b"TFL3" + bytes(100), "damaged"),
    ],
)
def test_network_of_another_format_is_refused(folder, backend, data, says):
    replace_file(folder, "denoiser.onnx", data)
    with pytest.raises(BundleError, match=f"denoiser.onnx: .*{says}"):
        dt.load(folder, backend=backend)


def test_network_of_too_many_nodes_is_refused_at_once(folder):
    model = onnx.load_from_string((folder / "denoiser.onnx").read_bytes())
    last = model.graph.node[-1].output[0]
    model.graph.node[-1].output[0] = "n0"
    for i in range(20_000):
        model.graph.node.add(op_type="Tanh", input=[f"n{i}"], output=[f"n{i + 1}" if i < 19_999 else last])
    replace_file(folder, "denoiser.onnx", model.SerializeToString())
    for backend in ("openvino", "reference"):
        with pytest.raises(BundleError, match="more than 4096 nodes"):
            dt.load(folder, backend=backend)


def test_rig_that_was_changed_is_refused(tmp_path, audio):
    folder = write_bundle(tmp_path / "rigged", kind=KINDS["coefficients"])
    model = dt.load(folder, backend="reference")
    data = bytearray((folder / "rig.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "rig.safetensors").write_bytes(data)
    with pytest.raises(BundleError, match="SHA-256"):
        _ = model.rig.template


@pytest.mark.slow
def test_pack_writes_through_no_link(place):
    """A file of a guessable name that leads elsewhere is neither followed nor changed."""
    victim = place.folder / "victim"
    victim.write_text("mine")
    for name in ("x.dtb.partial", ".x.dtb.part", "x.dtb.tmp"):
        (place.folder / name).symlink_to(victim)
    assert place.run("pack", place.bundle, "-o", "x.dtb").returncode == 0
    assert victim.read_text() == "mine"
    assert not (place.folder / "x.dtb").is_symlink()
    (place.folder / "y.dtb").symlink_to(victim)
    assert place.run("pack", place.bundle, "-o", "y.dtb").returncode == 6
    assert victim.read_text() == "mine"


@pytest.mark.slow
def test_commands_refuse_in_one_sentence(place):
    folder = place.folder / "hostile"
    shutil.copytree(place.bundle, folder)
    rewrite(folder, lambda d: (listed("/dev/zero")(d), d.update(name="a\x1b[31mb")))
    for command in (("info", folder), ("info", folder, "--json"), ("pack", folder, "-o", "x.dtb")):
        result = place.run(*command)
        text = result.stderr.decode()
        assert result.returncode == 4, text
        assert text.startswith("error: ") and text.count("\n") == 1 and "\x1b" not in text
    assert not (place.folder / "x.dtb").exists()


@pytest.mark.slow
def test_doctor_names_a_hostile_bundle(place, monkeypatch):
    shutil.copytree(place.bundle, place.folder / "all" / "hostile")
    rewrite(place.folder / "all" / "hostile", listed("/dev/zero"))
    monkeypatch.setenv(bundles.ENVIRONMENT_VARIABLE, str(place.folder / "all"))
    from diffusiontalker.cli.checks import check_bundles

    (found,) = [c for c in check_bundles() if c.name == "bundle hostile"]
    assert found.status == "note" and "plain file name" in found.found


def test_description_is_what_the_file_says(tiny_bundle, tmp_path):
    bundles.pack(tiny_bundle, tmp_path / "tiny.dtb")
    expected = json.loads((tiny_bundle / "bundle.json").read_text())
    for source in (tiny_bundle, tmp_path / "tiny.dtb"):
        assert bundles.read_description(source) == expected
        assert bundles.file_problems(source, expected) == []
        for name, entry in expected["files"].items():
            assert hashlib.sha256(bundles.read_file(source, name)).hexdigest() == entry["sha256"]
