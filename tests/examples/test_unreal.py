"""examples/unreal is not compiled here; this checks what can be checked without the engine."""

from __future__ import annotations

import json
import re

from example_support import EXAMPLES, PACKAGE

PLUGIN = EXAMPLES / "unreal" / "DiffusionTalker"
SOURCES = sorted((PLUGIN / "Source" / "DiffusionTalker").rglob("*.cpp")) + sorted(
    (PLUGIN / "Source" / "DiffusionTalker").rglob("*.h")
)


def headers() -> str:
    text = "\n".join(p.read_text() for p in sorted((PACKAGE / "include" / "dt").glob("*.h")))
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def n_arguments(text: str) -> int:
    """Arguments of a call; text begins behind its opening bracket."""
    depth, commas, end = 1, 0, 0
    while depth:
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[end], 0)
        commas += text[end] == "," and depth == 1
        end += 1
    return commas + 1 if text[: end - 1].strip() not in ("", "void") else 0


def test_descriptor_names_modules_that_are_there():
    descriptor = json.loads((PLUGIN / "DiffusionTalker.uplugin").read_text())
    for module in descriptor["Modules"]:
        folder = PLUGIN / "Source" / module["Name"]
        assert f"class {module['Name']} : ModuleRules" in (folder / f"{module['Name']}.Build.cs").read_text()
        assert any(f"IMPLEMENT_MODULE(F{module['Name']}Module, {module['Name']})" in p.read_text() for p in SOURCES)
    rules = PLUGIN / "Source" / "ThirdParty" / "DiffusionTalkerLibrary" / "DiffusionTalkerLibrary.Build.cs"
    text = rules.read_text()
    assert "ModuleType.External" in text and "PublicDelayLoadDLLs" in text and "RuntimeDependencies" in text


def test_every_dt_call_fits_the_headers():
    declared = {
        match[1]: n_arguments(headers()[match.end() :])
        for match in re.finditer(r"(?:DT_API|static inline) [\w ]+?\*? ?(dt_\w+)\(", headers())
    }
    called = {}
    for path in SOURCES:
        text = re.sub(r"//.*", "", path.read_text())
        for match in re.finditer(r"\b(dt_\w+)\(", text):
            called.setdefault(match[1], set()).add(n_arguments(text[match.end() :]))
    assert len(called) > 15
    assert called == {name: {declared.get(name)} for name in called}


def test_fields_and_constants_are_in_the_headers():
    text = headers()
    for path in SOURCES:
        source = re.sub(r"//.*", "", path.read_text())
        for name in re.findall(r"(?:Options|Info|StreamInfo)\.(\w+)", source) + re.findall(r"\b(DT_\w+)", source):
            assert re.search(rf"\b{name}\b", text), f"{path.name}: {name}"


def test_unreal_says_that_it_is_not_compiled():
    assert "neither compiled nor run by its authors" in (PLUGIN.parent / "README.md").read_text()
