"""One graph -> one plan."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import onnx

from diffusiontalker.errors import EngineError
from diffusiontalker.trt_build.engine.library import Library
from diffusiontalker.trt_build.engine.messages import engine_error, log_of
from diffusiontalker.trt_build.engine.monitor import Progress, make_monitor
from diffusiontalker.trt_build.engine.plan_spec import PlanSpec
from diffusiontalker.trt_build.engine.precision import PrecisionReport, engine_precision, network_precision
from diffusiontalker.trt_build.graph.constants import fold_stored_half
from diffusiontalker.trt_build.graph.half import half_graph
from diffusiontalker.trt_build.graph.opset17 import to_opset17
from diffusiontalker.trt_build.graph.window import fix_shapes
from diffusiontalker.trt_build.sets.identity import EngineOptions

# What stays float32 where the builder chooses types (TensorRT 8); elsewhere the graph says it.
_FLOAT_LAYERS = ("SOFTMAX", "NORMALIZATION", "REDUCE")


@dataclass(frozen=True)
class Plan:
    data: bytes
    precision: PrecisionReport
    tensors: list[dict]  # as in engines.json
    timing: bytes | None  # the timing cache after the build, where the library has one


def prepare_graph(data: bytes, spec: PlanSpec, strongly_typed: bool = True) -> onnx.ModelProto:
    """The bundle's graph as the builder gets it. Raises EngineError when it is no such graph."""
    try:
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
    except Exception as e:  # protobuf and onnx raise types of their own, which differ over their versions
        raise EngineError(f"{spec.graph} is not an ONNX graph: {' '.join(str(e).split())[:200]}") from e
    fix_shapes(model, spec.shapes)
    if not strongly_typed:
        fold_stored_half(model)
        return to_opset17(model)
    if spec.precision == "f16":
        return half_graph(model)
    fold_stored_half(model)
    return model


def build_plan(
    library: Library,
    model: onnx.ModelProto,
    spec: PlanSpec,
    options: EngineOptions,
    progress: Progress,
    timing: bytes | None = None,
) -> Plan:
    """model: of prepare_graph(). timing: an earlier build's timing cache; one that does not fit is ignored.
    Takes seconds with tensorrt-rtx, up to minutes with tensorrt. Raises EngineError; an exception that `progress`
    raises stops the build and comes out."""
    trt, log = library.module, log_of(library.module)
    log.clear()
    builder = _builder(library, log)
    network = builder.create_network(_network_flags(library))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(model.SerializeToString()):
        details = [_parser_error(parser.get_error(i)) for i in range(parser.num_errors)]
        raise engine_error(f"the graph of {spec.label} cannot be read", details or log.errors)
    config = builder.create_builder_config()
    _set_options(library, config, options, spec)
    _add_profiles(builder, config, spec)
    report, tensors = network_precision(trt, network), _tensors(trt, network)
    if not library.strongly_typed and spec.precision == "f16":
        _choose_types(trt, config, network)
    if timing is not None or not library.is_rtx:
        _set_timing_cache(config, timing)
    monitor = make_monitor(trt, progress)
    if monitor is not None:
        config.progress_monitor = monitor
    memory = builder.build_serialized_network(network, config)
    if monitor is not None and monitor.interruption is not None:
        raise monitor.interruption
    if memory is None:
        raise engine_error(f"{spec.label} cannot be built", log.errors)
    data = bytes(memory)
    cache = None if library.is_rtx else config.get_timing_cache()
    return Plan(data, _inspect(library, log, data) or report, tensors, bytes(cache.serialize()) if cache else None)


def _builder(library: Library, log):
    try:
        builder = library.module.Builder(log)
    except (TypeError, RuntimeError) as e:  # a factory that gives nothing, which is how a missing GPU shows
        raise engine_error(f"{library.name} {library.version} does not start here", [*log.errors, str(e)]) from e
    if builder is None:
        raise engine_error(f"{library.name} {library.version} does not start here", log.errors)
    return builder


def _network_flags(library: Library) -> int:
    flags = library.module.NetworkDefinitionCreationFlag
    if not library.strongly_typed:
        return 1 << int(flags.EXPLICIT_BATCH)
    # In 11 and in TensorRT-RTX every network is strongly typed, and the flag is deprecated.
    return 1 << int(flags.STRONGLY_TYPED) if not library.is_rtx and library.major == 10 else 0


def _parser_error(error) -> str:
    where = ""
    if error.node() >= 0:
        name, operator = (getattr(error, key, str)() for key in ("node_name", "node_operator"))  # not in TensorRT 8
        where = f"node {name or error.node()}{f' ({operator})' if operator else ''}: "
    return f"{where}{' '.join(str(error.desc()).split())}"


def _tensors(trt: ModuleType, network) -> list[dict]:
    names = {"FLOAT": "f32", "HALF": "f16", "INT32": "i32", "INT64": "i64"}
    types = {getattr(trt.DataType, key, None): name for key, name in names.items()}
    inputs = [(network.get_input(i), True) for i in range(network.num_inputs)]
    outputs = [(network.get_output(i), False) for i in range(network.num_outputs)]
    return [
        {"name": t.name, "input": is_input, "type": types.get(t.dtype, str(t.dtype)), "shape": list(t.shape)}
        for t, is_input in inputs + outputs
    ]


def _set_options(library: Library, config, options: EngineOptions, spec: PlanSpec) -> None:
    trt = library.module
    config.builder_optimization_level = options.opt_level
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.max_aux_streams = 0  # one chain of kernels: the runtime captures it into a CUDA graph
    config.clear_flag(trt.BuilderFlag.TF32)  # what is called float32 has its 24 bits
    if library.is_rtx:
        if options.version_compatible or options.same_compute_capability:
            raise EngineError(
                "tensorrt-rtx has neither version-compatible plans nor plans of one compute capability's kind: its "
                "plans are portable already; leave the option out, or name GPUs with --compute-capability"
            )
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)  # no allocation inside of a captured graph
        _set_compute_capabilities(trt, config, options.compute_capabilities)
        return
    if options.compute_capabilities:
        raise EngineError("tensorrt builds for the GPU of this machine only: --compute-capability is of tensorrt-rtx")
    if options.version_compatible:
        config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    if options.same_compute_capability:
        if not hasattr(trt.HardwareCompatibilityLevel, "SAME_COMPUTE_CAPABILITY"):
            raise EngineError(
                f"tensorrt {library.version} has no plans for a whole compute capability: 10 or newer has"
            )
        config.hardware_compatibility_level = trt.HardwareCompatibilityLevel.SAME_COMPUTE_CAPABILITY
    if not library.strongly_typed:
        config.set_tactic_sources(0)  # no cuBLAS and cuDNN, which 8.6 would load otherwise


def _set_compute_capabilities(trt: ModuleType, config, wanted: tuple[str, ...]) -> None:
    known = {f"{int(v) // 10}.{int(v) % 10}": v for v in trt.ComputeCapability.__members__.values() if int(v) > 1}
    for name in wanted:
        if name not in known:
            raise EngineError(f"tensorrt-rtx has no compute capability {name}: it has {', '.join(known)}")
    if wanted:
        config.num_compute_capabilities = len(wanted)
        for i, name in enumerate(wanted):
            config.set_compute_capability(known[name], i)


def _add_profiles(builder, config, spec: PlanSpec) -> None:
    for sizes in spec.profiles:
        profile = builder.create_optimization_profile()
        for name, shape in spec.shapes.items():
            bounds = [tuple(sizes[s][k] if isinstance(s, str) else s for s in shape) for k in range(3)]
            profile.set_shape(name, *bounds)
        config.add_optimization_profile(profile)


def _choose_types(trt: ModuleType, config, network) -> None:
    """TensorRT 8: float16 where the builder likes it, but for layers that sum over many elements."""
    config.set_flag(trt.BuilderFlag.FP16)
    config.set_flag(trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS)
    kinds = {getattr(trt.LayerType, name) for name in _FLOAT_LAYERS if hasattr(trt.LayerType, name)}
    for i in range(network.num_layers):
        layer = network.get_layer(i)
        if layer.type in kinds and layer.get_output(0).dtype == trt.float32:  # not sums over shapes
            layer.precision = trt.float32
            layer.set_output_type(0, trt.float32)


def _set_timing_cache(config, timing: bytes | None) -> None:
    cache = config.create_timing_cache(timing or b"")
    if cache is None or not config.set_timing_cache(cache, False):  # of another version or GPU
        config.set_timing_cache(config.create_timing_cache(b""), False)


def _inspect(library: Library, log, data: bytes) -> PrecisionReport | None:
    """None where the engine cannot be opened here: tensorrt-rtx on a machine without a GPU, host code in the plan."""
    if library.is_rtx:
        return None  # compiles its kernels on the user's GPU, so that the plan has no final layers to inspect
    engine = library.module.Runtime(log).deserialize_cuda_engine(data)
    if engine is None:
        return None
    inspector = engine.create_engine_inspector()
    return engine_precision(inspector.get_engine_information(library.module.LayerInformationFormat.JSON))
