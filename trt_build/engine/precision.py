"""Which layers run in float16: counted in the typed network, or in the built engine where a GPU can open it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import ModuleType

_HALF = re.compile(r"\b(half|fp16|float16)\b", re.IGNORECASE)
_FLOAT = re.compile(r"\b(float|fp32|float32)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PrecisionReport:
    """layers: with floating-point results; matrix: products of matrices and convolutions among them.
    from_engine: counted in the engine, where layers are fused. Otherwise in the network that it was built from, whose
    types hold in the engine because the build is strongly typed; the library fuses layers, and changes none."""

    layers: int
    fp16_layers: int
    matrix_layers: int
    fp16_matrix_layers: int
    from_engine: bool = False


def network_precision(trt: ModuleType, network) -> PrecisionReport:
    """Of an INetworkDefinition."""
    matrix_types = {trt.LayerType.MATRIX_MULTIPLY, trt.LayerType.CONVOLUTION}
    half, real = trt.DataType.HALF, (trt.DataType.HALF, trt.DataType.FLOAT)
    counts = {(matrix, is_half): 0 for matrix in (False, True) for is_half in (False, True)}
    for i in range(network.num_layers):
        layer = network.get_layer(i)
        if layer.num_outputs == 0 or layer.type == trt.LayerType.CONSTANT or layer.get_output(0).dtype not in real:
            continue
        counts[layer.type in matrix_types, layer.get_output(0).dtype == half] += 1
    n_half = counts[False, True] + counts[True, True]
    return PrecisionReport(sum(counts.values()), n_half, counts[True, False] + counts[True, True], counts[True, True])


def engine_precision(inspected: str) -> PrecisionReport | None:
    """Of the JSON that an engine inspector gives; None where that does not tell types (library or build too old)."""
    try:
        layers = json.loads(inspected)["Layers"]
    except (ValueError, KeyError, TypeError):
        return None
    n = n_half = n_matrix = n_half_matrix = 0
    for layer in layers:
        if not isinstance(layer, dict):
            return None
        types = " ".join(str(o.get("Format/Datatype", "")) for o in layer.get("Outputs", []))
        half = bool(_HALF.search(types))
        if not half and not _FLOAT.search(types):
            continue
        matrix = bool(re.search(r"gemm|matmul|matrix|conv|mha", f"{layer.get('Name')} {layer.get('LayerType')}", re.I))
        n, n_half = n + 1, n_half + half
        n_matrix, n_half_matrix = n_matrix + matrix, n_half_matrix + (half and matrix)
    return PrecisionReport(n, n_half, n_matrix, n_half_matrix, from_engine=True) if n else None
