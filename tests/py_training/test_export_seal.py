"""bundle.json after a card was edited: the table of files is made anew, and nothing else changes."""

from __future__ import annotations

import json
import shutil

import pytest
from bundles import write_bundle

import diffusiontalker as dt
from diffusiontalker.spec.bundles import resolve
from training.export.seal import main, seal_again


def test_an_edited_card_is_sealed_anew_and_the_bundle_opens(tmp_path, monkeypatch, capsys):
    bundle = write_bundle(tmp_path / "tiny")
    before = (bundle / "bundle.json").read_text(encoding="utf-8")
    (bundle / "README.md").write_text("# tiny\n\nAnother card.\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["seal", str(bundle)])
    main()
    assert "README.md sealed anew" in capsys.readouterr().out
    dt.load(bundle, backend="reference")
    now, then = json.loads((bundle / "bundle.json").read_text(encoding="utf-8")), json.loads(before)
    assert now["files"].pop("README.md") != then["files"].pop("README.md", None)
    assert now == then
    assert seal_again(bundle) == []


def test_a_shipped_bundle_is_sealed_to_the_byte(tmp_path):
    bundle = shutil.copytree(resolve("base-2step"), tmp_path / "copy")
    before = (bundle / "bundle.json").read_bytes()
    assert seal_again(bundle) == []
    assert (bundle / "bundle.json").read_bytes() == before


def test_a_folder_that_is_no_bundle_is_told_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no bundle\.json: name the folder of a bundle"):
        seal_again(tmp_path)
