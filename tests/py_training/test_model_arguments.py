"""Commands take bundles by name, as the package does, and say which names there are."""

import runpy
import sys
from pathlib import Path

import pytest

import diffusiontalker
from training.eval.models import parse_models
from training.export.model_arguments import bundle_folder, checkpoint_or_bundle

SHIPPED = Path(diffusiontalker.__file__).parent / "bundles"
OPTIONS = {
    "training.stages.adapter": ["--bundle"],
    "training.stages.distill": ["--teacher"],
    "training.stages.encoder": ["--bundle"],
    "training.stages.enrolment": ["--student"],
    "training.stages.identity": ["--bundle"],
    "training.stages.teacher": ["--bundle"],
    "training.stages.upper_face": ["--student"],
    "training.export.bundle": ["--student", "--branch", "--enrolment"],
    "training.export.encoder": ["--bundle"],
    "training.export.identity": ["--bundle"],
    "training.eval latency": ["--model"],
    "training.eval style": ["--model"],
}


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("command", OPTIONS)
def test_an_unknown_name_is_answered_with_the_known_ones(command, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    module, *words = command.split()
    for option in OPTIONS[command]:
        monkeypatch.setattr(sys, "argv", [module, *words, option, "bas"])
        with pytest.raises(SystemExit) as end:
            runpy.run_module(module, run_name="__main__")
        said = capsys.readouterr().err
        assert (
            end.value.code == 2
            and f"argument {option}: there is no bundle 'bas', did you mean 'base'? known names are base" in said
        )


def test_a_name_is_the_shipped_bundle_unless_a_bundle_lies_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for find in (bundle_folder, checkpoint_or_bundle):
        assert find("base-2step") == SHIPPED / "base-2step"
    Path("base").mkdir()
    assert bundle_folder("base") == SHIPPED / "base"  # this folder is no bundle
    Path("base/bundle.json").write_text("{}")
    assert bundle_folder("base") == checkpoint_or_bundle("base") == Path("base")


def test_checkpoints_are_files_and_packed_bundles_are_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert checkpoint_or_bundle("runs/none.safetensors") == Path("runs/none.safetensors")  # its stage makes it
    for name in ("x.ckpt", "base.dtb"):
        Path(name).write_bytes(b"x")
    assert checkpoint_or_bundle("x.ckpt") == Path("x.ckpt")
    for find in (bundle_folder, checkpoint_or_bundle):
        with pytest.raises(Exception, match="base.dtb is a packed bundle: training needs its folder"):
            find("base.dtb")
    with pytest.raises(Exception, match=r"known names are base.*the name of a checkpoint ends in .safetensors"):
        checkpoint_or_bundle("runs/none")


def test_models_to_score_have_names_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (spec,) = parse_models(["ours=base"])
    assert (spec.name, spec.path) == ("ours", SHIPPED / "base")
    (missing,) = parse_models(["ours=bas"])
    with pytest.raises(FileNotFoundError, match="there is no bas; bundles known by name: base"):
        missing.open()
    Path("base").mkdir()
    assert parse_models(["ours=base"])[0].path == Path("base")
