"""The npm package says what the Python package and the C ABI say: names, ranges, versions, files.

`bash tests/web.sh` builds it and compares frames; this reads its sources.
"""

from __future__ import annotations

import inspect
import json
import re
import runpy
import subprocess
from pathlib import Path

import pytest

import diffusiontalker as dt
from diffusiontalker.api.dials import CHANNEL_DEFAULTS, CHANNEL_RANGES, RANGES, WHOLE
from diffusiontalker.api.stream import Profile, Stream
from diffusiontalker.errors import STATUS_TO_ERROR
from diffusiontalker.spec import bundles

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
GUIDE = ROOT / "docs" / "guides" / "browser.md"


def source(name: str) -> str:
    return (WEB / "src" / f"{name}.ts").read_text(encoding="utf-8")


def fields(text: str, interface: str) -> set[str]:
    """The fields of an interface of TypeScript."""
    body = re.search(rf"export interface {interface} (?:extends \w+ )?{{\n(.*?)\n}}", text, re.DOTALL)
    assert body, interface
    return set(re.findall(r"^  (?:readonly )?(\w+)\??:", body[1], re.MULTILINE))


def options_of(function) -> set[str]:
    return {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}


def test_the_version_is_that_of_the_package():
    about = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    assert about["version"] == lock["version"] == lock["packages"][""]["version"] == dt.__version__
    assert about["license"] == "Apache-2.0"
    assert lock["packages"][""]["devDependencies"] == about["devDependencies"]
    assert f"diffusiontalker-{dt.__version__}.tgz" in GUIDE.read_text(encoding="utf-8")


def test_the_lock_names_no_registry_and_has_hashes():
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 5
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or "integrity" in package, name


def test_dials_have_the_ranges_of_python():
    text = source("options")
    numbers = dict(re.findall(r"^  (\w+): \[(-?\d+, -?\d+)\],$", text, re.MULTILINE))
    assert {name: tuple(map(float, span.split(","))) for name, span in numbers.items()} == RANGES
    channels = dict(re.findall(r"^  (channel_\w+): \[(-?\d+, -?\d+, -?\d+)\],$", text, re.MULTILINE))
    expected = {name: (*span, CHANNEL_DEFAULTS[name]) for name, span in CHANNEL_RANGES.items()}
    assert {name: tuple(map(float, span.split(","))) for name, span in channels.items()} == expected
    assert set(re.findall(r"'(\w+)'", re.search(r"WHOLE_DIALS = \[(.*?)\]", text)[1])) == set(WHOLE)
    assert fields(source("types"), "Dials") == {*RANGES, *CHANNEL_RANGES, "emotion"}


def test_options_have_the_names_of_python():
    text = source("types")
    style = fields(text, "StyleOptions")
    assert style <= options_of(dt.Model.stream) & options_of(dt.Model.animate)
    assert fields(text, "AnimateOptions") - {"signal"} <= options_of(dt.Model.animate)
    doc = inspect.getdoc(dt.Model.stream)
    further = set(re.findall(r"\w+", doc.partition("further fields of dt_stream_options")[2].partition("Raises")[0]))
    assert fields(text, "StreamOptions") <= options_of(dt.Model.stream) | further


def test_results_have_the_names_of_python():
    text = source("types")
    assert fields(text, "Frame") == set(dt.Frame.__dataclass_fields__)
    assert fields(text, "Profile") == set(Profile.__dataclass_fields__)
    methods = set(re.findall(r"^  (?:async )?\*?(\w+)\(.*\{$", source("stream"), re.MULTILINE)) - {"constructor"}
    ours = {"close", "attach", "take"}  # memory that nobody counts, and what is no part of the types
    ours |= set(re.findall(r"^  private (\w+)\(", source("stream"), re.MULTILINE))
    assert methods - ours == methods & set(dir(Stream)) and len(methods - ours) >= 12
    animation = set(re.findall(r"^  readonly (\w+)", source("animation"), re.MULTILINE))
    assert animation <= set(dir(dt.Animation)) | set(dt.Animation.__dataclass_fields__)


def test_errors_are_those_of_python():
    table = re.findall(r"\[(-\d+)\]: '(\w+)'", source("errors"))
    assert {int(status): name for status, name in table} == {s: e.__name__ for s, e in STATUS_TO_ERROR.items()}
    for name in {name for _, name in table}:
        assert f"export class {name} extends DiffusionTalkerError" in source("errors")


def test_what_the_script_calls_is_exported_and_every_field_is_in_the_layout():
    exported = set(
        re.findall(r"\b(?:dt_\w+|malloc|free)\b", (WEB / "core" / "CMakeLists.txt").read_text().split("functions ")[1])
    )
    text = source("native") + source("engine") + source("wasm")
    called = set(re.findall(r"(?:check|call)\(\s*'(\w+)'", text)) | set(re.findall(r"text\('(dt_\w+)'\)", text))
    called |= {f"dt_model_{name}_name" for name in re.findall(r"names\('(\w+)'", text)}
    called |= {f"dt_stream_get_{name}" for name in re.findall(r"this\.struct\('(\w+)'", text)}
    assert called == exported
    laid_out = set(re.findall(r"DT_FIELD\(dt_stream_options, (\w+)\)", (WEB / "core" / "layout.cpp").read_text()))
    options = fields(source("types"), "StreamOptions") | fields(source("types"), "StyleOptions")
    assert options <= laid_out


@pytest.mark.parametrize("name", ["base", "base-2step"])
def test_a_bundle_is_packed_as_the_command_packs_it(name, tmp_path):
    folder = bundles.resolve(name)
    runpy.run_path(str(WEB / "pack.py"))["pack"](folder, tmp_path / "web.dtb")
    bundles.pack(folder, tmp_path / "command.dtb")
    assert (tmp_path / "web.dtb").read_bytes() == (tmp_path / "command.dtb").read_bytes()
    assert (tmp_path / "web.dtb").stat().st_size < 18_500_000, "with script and WebAssembly it has 20 MB at most"


def test_no_model_and_no_built_file_is_under_version_control():
    listed = subprocess.run(["git", "ls-files", "web"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    names = [name for name in listed.stdout.split() if not name.startswith("web/client/")]
    assert "web/package.json" in names
    assert [n for n in names if re.search(r"node_modules|\.(wasm|dtb|glb|tgz|d\.ts)$", n)] == []


def test_the_guide_names_what_there_is():
    text = GUIDE.read_text(encoding="utf-8")
    exported = set(re.findall(r"\b\w+\b", " ".join(re.findall(r"export \{(.*?)\}", source("index"), re.DOTALL))))
    for names, module in re.findall(r"import \{([\w, ]+)\} from '(diffusiontalker(?:/three)?)'", text):
        known = exported if module == "diffusiontalker" else {"MorphFace"}
        assert set(names.split(", ")) <= known
    for command in re.findall(r"bash (\w[\w/.]+\.sh)", text):
        assert (ROOT / command).is_file()
