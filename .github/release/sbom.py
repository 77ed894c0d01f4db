"""python -m release.sbom --python PYTHON --out FILE: the software bill of materials of an environment with the wheel.

cyclonedx-bom lists the environment of PYTHON (CycloneDX 1.6, JSON). Added are what is compiled into our binaries, and
what no package index knows, bundles and head. The whole is checked against the schema. Exit status: 0, or 1 with a
sentence.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from release.parts import COMPILED_IN

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / ".github" / "requirements" / "build.txt"
LIST_BUNDLES = """
import json, pathlib, diffusiontalker
root = pathlib.Path(diffusiontalker.__file__).parent
files = [*sorted((root / "bundles").glob("*/bundle.json")), root / "assets" / "head_arkit52.npz"]
print(json.dumps([str(file) for file in files]))
"""


def locked(package: str) -> str:
    """Its version in .github/requirements/build.txt."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", LOCK.read_text(), re.MULTILINE)
    if not found:
        raise ValueError(f"{package} is not in {LOCK}: run .github/requirements/lock.sh")
    return found[1]


def compiled_in() -> list[dict]:
    return [
        {
            "type": "library",
            "bom-ref": f"compiled-in/{part.package}",
            "name": part.package,
            "version": locked(part.package),
            "scope": "required",
            "purl": f"pkg:pypi/{part.package}@{locked(part.package)}",
            "licenses": [{"license": {"id": part.licence}}],
            "externalReferences": [{"type": "website", "url": part.url}],
        }
        for part in COMPILED_IN
    ]


def data_file(kind: str, name: str, version: str | None, licence: str, file: Path) -> dict:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    part = {
        "type": kind,
        "bom-ref": f"data/{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": licence}}],
    }
    return part if version is None else {**part, "version": version}


def data_parts(files: list[Path]) -> list[dict]:
    """Bundles, by the hash of bundle.json, which holds the hashes of their other files; and the head."""
    parts = []
    for file in files:
        if file.name == "bundle.json":
            content = json.loads(file.read_text(encoding="utf-8"))
            name = f"bundle {content['name']}"
            parts.append(data_file("machine-learning-model", name, content["version"], content["license"], file))
        else:
            parts.append(data_file("data", file.name, None, "CC0-1.0", file))
    return parts


def completed(listed: dict, parts: list[dict]) -> dict:
    """The list of cyclonedx-bom with more parts, on which the package depends. Raises ValueError without it."""
    ours = [c for c in listed.get("components", []) if c["name"] == "diffusiontalker"]
    if not ours:
        raise ValueError("the environment has no diffusiontalker: install the wheel there first")
    for component in listed["components"]:  # where the wheel lay on the machine that made the list
        found = component.pop("externalReferences", [])
        if kept := [r for r in found if not r["url"].startswith("file:")]:
            component["externalReferences"] = kept
    listed["components"] += parts
    for dependency in listed["dependencies"]:
        if dependency["ref"] == ours[0]["bom-ref"]:
            dependency["dependsOn"] = sorted({*dependency.get("dependsOn", []), *(p["bom-ref"] for p in parts)})
    listed["dependencies"] += [{"ref": p["bom-ref"]} for p in parts]
    return listed


def faults_of(text: str) -> str:
    """What the schema of CycloneDX 1.6 finds, or ""."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return "" if found is None else str(found)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m release.sbom", description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of the environment that has the wheel")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    command = [
        sys.executable, "-m", "cyclonedx_py", "environment", str(args.python), "--output-format", "JSON",
        "--spec-version", "1.6", "--output-reproducible",
    ]  # fmt: skip
    try:
        listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        where = subprocess.run([args.python, "-c", LIST_BUNDLES], check=True, capture_output=True, text=True).stdout
        text = json.dumps(
            completed(listed, [*compiled_in(), *data_parts([Path(p) for p in json.loads(where)])]), indent=1
        )
        if fault := faults_of(text):
            raise ValueError(f"the list is not valid CycloneDX: {fault}")
    except (OSError, ValueError, subprocess.CalledProcessError) as e:
        print(f"error: {getattr(e, 'stderr', None) or e}", file=sys.stderr)
        return 1
    args.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
