"""`diffusiontalker engine` and the rows of `doctor`, as a user meets them."""

import json
import shutil
import subprocess
import sys

import pytest

from diffusiontalker import trt_build
from diffusiontalker.cli import engine_checks
from diffusiontalker.cli.main import main
from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build import state
from diffusiontalker.trt_build.sets.cache import engines_folder
from diffusiontalker.trt_build.sets.identity import Gpu

BUILD = ("--library", "tensorrt-rtx", "--profile", "low", "--batches", "2,1", "--quiet")


@pytest.fixture
def run(cache, capsys):
    """Runs the command with an empty cache: (exit code, standard output, standard error)."""

    def run(*args):
        code = main(["engine", *map(str, args)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def filled(run, cache, tiny_set):
    """The cache with the tiny bundle's set in it. Its folder."""
    cache.mkdir(parents=True)
    return shutil.copytree(tiny_set.folder, cache / tiny_set.identity.key)


@pytest.fixture
def known(tiny, monkeypatch):
    """The tiny bundle can be loaded by name."""
    monkeypatch.setenv("DIFFUSIONTALKER_BUNDLES", str(tiny.parent))


def states(run):
    return {s["key"]: s for s in json.loads(run("list", "--json")[1])["sets"]}


def test_build_then_list_verify_and_clear(run, cache, tiny, known, rtx):
    code, out, err = run("build", tiny, *BUILD, "--json")
    document = json.loads(out)
    assert (code, err, document["schema"]) == (0, "", "diffusiontalker.engine-build/1")
    assert document["built"] and document["path"] == str(cache / document["key"])
    assert document["set"] == json.loads((cache / document["key"] / "engines.json").read_text())
    again = json.loads(run("build", tiny, *BUILD, "--json")[1])
    assert not again["built"] and again["path"] == document["path"]
    assert states(run)[document["key"]]["state"] == "fits"
    assert run("verify")[0] == 0
    code, out, err = run("clear", document["key"])
    assert code == 0 and "1 sets deleted" in err and list(cache.iterdir()) == []


def test_tables_are_for_people(run, tiny, filled, known):
    code, out, _err = run("list")
    assert (
        code == 0
        and filled.name in out
        and "tiny 1" in out
        and "any RTX" in out
        and out.splitlines()[1].endswith("fits")
    )
    code, out, _ = run("build", tiny, *BUILD, "--force")
    assert code == 0 and "denoiser" in out and "3 of 3" in out and str(filled) in out


def test_damaged_set_fails_verify_and_is_rebuilt_or_cleared(run, tiny, filled, known):
    (filled / "denoiser-w30.plan").write_bytes(b"")
    code, out, _ = run("verify")
    assert code == 5 and "damaged" in out and "denoiser-w30.plan has 0 bytes" in out
    code, out, _ = run("verify", filled, "--json")
    assert code == 5 and json.loads(out)["sets"][0]["state"] == "damaged"
    assert json.loads(run("build", tiny, *BUILD, "--json")[1])["reason"].endswith("it is damaged")
    assert run("verify", filled.name)[0] == 0
    (filled / "engines.json").write_text("?")
    assert states(run)[filled.name]["state"] == "damaged"
    assert run("clear", "--stale")[0] == 0 and not filled.exists()


def test_stale_sets_say_why(run, filled, monkeypatch):
    assert "its bundle is not among those" in states(run)[filled.name]["reason"]
    path = filled / "engines.json"
    content = json.loads(path.read_text())
    monkeypatch.setattr(state, "known_bundles", lambda: {content["identity"]["bundle_sha256"]: "tiny"})
    assert states(run)[filled.name]["state"] == "fits"
    monkeypatch.setattr(state, "installed_version", lambda name: "99.0")
    assert "and 99.0 is installed" in states(run)[filled.name]["reason"]
    monkeypatch.setattr(state, "installed_version", lambda name: None)
    content["identity"]["gpu"] = {"name": "NVIDIA H200", "compute_capability": "9.0"}
    path.write_text(json.dumps(content))
    monkeypatch.setattr(state, "find_gpu", lambda: (None, "no NVIDIA driver"))
    assert states(run)[filled.name]["reason"] == "it is for NVIDIA H200, and here is no NVIDIA driver"
    monkeypatch.setattr(state, "find_gpu", lambda: (Gpu("NVIDIA L4", "8.9"), ""))
    assert states(run)[filled.name]["reason"] == "it is for NVIDIA H200, and here is NVIDIA L4"
    monkeypatch.setattr(state, "find_gpu", lambda: (Gpu("NVIDIA H200", "9.0"), ""))
    assert states(run)[filled.name]["state"] == "fits"


def test_clear_all_leaves_what_is_not_ours(run, filled):
    other = filled.parent / "notes"
    other.mkdir()
    (other / "engines.json").write_text("{}")
    (other / "notes.txt").write_text("mine")
    (filled.parent / ".x.partial").mkdir()
    code, _, err = run("clear", "--all")
    assert code == 6 and "notes holds files that are no engine set" in err and (other / "notes.txt").exists()


def test_unfinished_builds_are_told_and_cleared(run, filled, known):
    left = filled.parent / ".x.partial"
    left.mkdir()
    (left / "denoiser-w30.plan").write_bytes(b"half")
    assert json.loads(run("list", "--json")[1])["unfinished"] == [str(left)]
    assert run("clear", "--stale")[0] == 0 and not left.exists() and filled.exists()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["clear"], 2, "name the sets to delete"),
        (["clear", "x", "--all"], 2, "name the sets to delete"),
        (["clear", "nothing"], 5, "there is no engine set nothing"),
        (["verify", "nothing"], 5, "there is no engine set nothing"),
        (["verify", "."], 5, ""),
        (["build", "nothing"], 4, "there is no bundle 'nothing'"),
        (["build", "base", "--profile", "slow"], 4, 'unknown profile "slow": the bundle has offline'),
    ],
)
def test_wrong_arguments_are_one_sentence(run, rtx, args, code, message):
    result, _out, err = run(*args)
    assert (result, message in err) == (code, True)
    assert err.count("\n") <= 1 and "Traceback" not in err


@pytest.mark.parametrize("batches", ["0", "1,x", "", "1025"])
def test_batches_are_whole_numbers(run, batches):
    assert run("build", "--batches", batches)[0] == 2


@pytest.mark.slow
def test_without_library_and_onnx_the_remedy_is_named(tiny, cache):
    for hidden, message in (
        ("tensorrt_rtx", "pip install 'tensorrt-rtx>="),
        ("onnx", "engines needs onnx"),
    ):
        program = f"import sys; sys.modules[{hidden!r}] = None\nfrom diffusiontalker.cli.main import main\n"
        program += f"sys.exit(main(['engine', 'build', {str(tiny)!r}, '--library', 'tensorrt-rtx']))"
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
        assert result.returncode == 5 and message in result.stderr and result.stderr.count("\n") == 1


def test_doctor_tells_libraries_and_sets(run, filled, known, monkeypatch):
    monkeypatch.setattr("diffusiontalker.trt_build.find_gpu", lambda: (None, "no NVIDIA driver"))
    check = engine_checks.check_engine_sets()
    assert (check.status, "1 of 1 fit" in check.found, str(engines_folder()) in check.found) == ("ok", True, True)
    check = engine_checks.check_libraries()
    assert check.status == "ok" and check.found.startswith("tensorrt-rtx ") and check.found.endswith("no NVIDIA driver")
    monkeypatch.setattr(trt_build, "installed_version", lambda name: None)
    check = engine_checks.check_libraries()
    assert (check.status, check.found) == ("note", "not installed") and "pip install 'tensorrt-rtx>=" in check.advice
    monkeypatch.setattr(trt_build, "installed_version", lambda name: "1" if name == "tensorrt-rtx" else None)
    monkeypatch.setattr(trt_build, "load_library", broken)
    assert engine_checks.check_libraries().found == "cannot be loaded"
    shutil.rmtree(filled)
    assert engine_checks.check_engine_sets().status == "note"


def broken(name):
    raise EngineError("cannot be loaded")
