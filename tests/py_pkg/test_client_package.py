"""The browser client as an npm package: what it exports has types, and its version is ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

from diffusiontalker.version import __version__

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "python" / "diffusiontalker" / "assets" / "client"
PACKAGE = ROOT / "web" / "client"


def exported() -> set[str]:
    lists = re.findall(r"export \{([^}]+)\}", (SOURCE / "index.js").read_text(encoding="utf-8"))
    return {name.strip() for names in lists for name in names.split(",")}


def test_each_export_is_there_and_has_a_type():
    types = (SOURCE / "index.d.ts").read_text(encoding="utf-8")
    declared = set(re.findall(r"^export (?:class|function|const) (\w+)", types, re.MULTILINE))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.js"))
    made = set(re.findall(r"^export (?:class|function|const) (\w+)", sources, re.MULTILINE))
    assert len(exported()) > 10 and exported() == declared and exported() <= made


def test_the_page_explains_each_export():
    page = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    unsaid = {"Mapping", "Mixture", "VRM_POSES", "namesOf", "readFrames"}  # what the others are made of
    assert {name for name in exported() - unsaid if name not in page} == set()


def test_the_package_has_our_version_and_its_pages_name_it():
    about = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert about["version"] == __version__ and "dependencies" not in about
    assert f"client-{__version__}.tgz" in (ROOT / "docs" / "client.md").read_text(encoding="utf-8")


def test_the_examples_import_what_there_is():
    for path in sorted((PACKAGE / "examples").glob("*.js")):
        for names in re.findall(r'import \{([^}]+)\} from "\.\./dist/index\.js"', path.read_text(encoding="utf-8")):
            assert {name.strip() for name in names.split(",")} <= exported(), path
