"""What Hibari and Kokoro share: tokens of the misaki alphabet, and an ONNX graph whose durations are read as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.corpus.engines.base import EngineMissing


def hibari_g2p(engine: str) -> tuple[Any, Path]:
    """(hibari's class G2P, folder of its files). Raises EngineMissing when it, or ONNX Runtime, is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        from hibari.g2p import ASSETS, G2P
    except ImportError as error:
        missing = f"{engine}: {error.name} is missing; pip install hibari-tts onnx onnxruntime"
        raise EngineMissing(missing) from error
    return G2P, Path(ASSETS)


def vocabulary(assets: Path) -> dict[str, int]:
    """Token -> its number in both models."""
    return json.loads((assets / "vocab.json").read_text("utf-8"))


def open_session(path: Path, durations_tensor: str) -> Any:
    """An ONNX Runtime session on one thread. durations_tensor: an inner tensor that becomes the last output."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    model.graph.output.append(onnx.ValueInfoProto(name=durations_tensor))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
