"""Two benchmark documents side by side."""

from __future__ import annotations

import json
from pathlib import Path

from diffusiontalker.errors import InputError

SCHEMA_VERSION = 2
SCHEMA = f"diffusiontalker.bench/{SCHEMA_VERSION}"

HOP_BATCHES = (1, 8, 64, 256)  # that may be in two documents

# Numbers of a row that are compared, as paths of keys.
COMPARED = (
    "load_s",
    "build_s",
    "first_window_s",
    "memory.loaded_rss_bytes",
    "memory.streaming_rss_bytes",
    "memory.peak_rss_bytes",
    "memory.peak_device_bytes",
    "memory.stream_bytes",
    "offline.frames_per_s",
    "offline.ms_per_frame.p50",
    "offline.ms_per_frame.p99",
    "live.first_frame_ms",
    "live.ms_per_hop.p50",
    "live.ms_per_hop.p99",
    "live.lateness_ms.p99",
    "live.jitter_ms",
    "crowd.ms_per_frame.p50",
    "crowd.busy_share",
    "crowd.sustained_streams",
    "crowd.lateness_ms.p99",
    *(f"hop.batches.{n}.{key}" for n in HOP_BATCHES for key in ("ms.p50", "device_ms.p50", "frames_per_s")),
)
# What should be equal, or the ratios say little.
CONDITIONS = (
    "environment.cpu",
    "environment.cores",
    "environment.os",
    "environment.packages",
    "environment.gpu.name",
    "environment.gpu.driver",
    "audio_s",
    "bundle",
    "plan",
)


def read_document(path: Path) -> dict:
    """A saved document of this schema. Raises InputError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror}") from e
    except ValueError as e:
        raise InputError(f"{path} is not JSON ({e}): save one with `diffusiontalker bench --json > FILE`") from e
    found = document.get("schema") if isinstance(document, dict) else None
    rows = document.get("rows") if isinstance(document, dict) else None
    if found != SCHEMA or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(
            f"{path} has schema {found!r}, expected a whole '{SCHEMA}': measure it again with this version"
        )
    return document


def _value(document: dict, path: str):
    """The value at a path of keys, None where it is not."""
    value: object = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _key(row: dict) -> tuple:
    return row.get("name"), row.get("precision"), row.get("threads"), row.get("isa")


def compare(document: dict, baseline: dict, name: str) -> dict:
    """The `compare` object: ratios now / then of every row that both have. name: of the baseline's file."""
    then = {_key(row): row for row in baseline["rows"]}
    rows = []
    for row in document["rows"]:
        if _key(row) not in then:
            continue
        pairs = {path: (_value(row, path), _value(then[_key(row)], path)) for path in COMPARED}
        ratios = {path: now / old for path, (now, old) in pairs.items() if _is_number(now) and _is_number(old) and old}
        named = {key: row.get(key) for key in ("name", "precision", "isa", "threads")}
        rows.append(named | {"ratios": ratios})
    different = [path for path in CONDITIONS if _value(document, path) != _value(baseline, path)]
    return {"baseline": name, "different_conditions": different, "rows": rows}


def _is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
