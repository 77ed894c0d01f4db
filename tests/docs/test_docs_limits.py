"""The operators and limits of docs/bundle-format.md are those of the C++ sources."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bundle-format.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "csrc" / "backends" / "reference"


def constants(path: Path) -> dict[str, int]:
    """Names of constants -> value, of declarations such as `constexpr size_t kA = 4096, kB = size_t{1} << 20;`."""
    found = {}
    for declaration in re.findall(r"constexpr [\w:]+ ([^;]+);", path.read_text(encoding="utf-8")):
        for name, value in re.findall(r"(k\w+) = ((?:\w+\{\d+\} << \d+)|\d+)", declaration):
            found[name] = eval(re.sub(r"\w+\{(\d+)\}", r"\1", value))
    return found


def test_operators_are_those_of_the_table():
    in_code = re.findall(r'\{"(\w+)", ops::', (REFERENCE / "op_table.cpp").read_text())
    listed = re.search(r"one of these operators:\n\n(.*?)\n\n", PAGE, re.S)[1]
    assert re.findall(r"`(\w+)`", listed) == sorted(in_code)


def test_limits_are_those_of_the_headers():
    core = constants(ROOT / "csrc" / "core" / "budget.h")
    network = constants(REFERENCE / "network_limits.h")
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", PAGE, re.M))
    assert rows["identities, emotions, profiles"] == (
        f"{core['kMaxIdentities']}, {core['kMaxEmotions']}, {core['kMaxProfiles']}"
    )
    assert rows["sampler steps, files"].endswith(f", {core['kMaxFiles']}")
    assert core["kMaxBundleBytes"] == 2**31 and rows["all files together"] == "2^31 bytes"
    assert core["kMaxArrayNumbers"] == 2**24 and "2^24 each" in PAGE
    graph = rows["one graph"]
    for key, text in (
        ("kMaxNodes", "nodes"),
        ("kMaxInitializers", "initializers"),
        ("kMaxNames", "inputs and outputs"),
    ):
        assert f"{network[key]} {text}" in graph
    assert f"tensors of {network['kMaxRank']} dimensions" in graph
    limits = re.search(
        r"kMaxNetworkCost = \{uint64_t\{1\} << (\d+), uint64_t\{1\} << (\d+)\}",
        (REFERENCE / "network_limits.h").read_text(),
    )
    assert f"2^{limits[1]} numbers computed, 2^{limits[2]} products" in PAGE
    assert network["kMaxWindowProducts"] == 2**36 and "2^36 products" in PAGE
