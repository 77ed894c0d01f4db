"""PyInstaller's hook: bundles, the head, the libraries that are opened at run time, and what is imported by name."""

from pathlib import Path

from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, collect_submodules

LIBRARIES = ["*.dll", "*.dylib", "lib*.so", "lib*.so.*"]  # OpenVINO's end with its version
OF_OPENVINO = ("openvino.", "intel_cpu_plugin", "onnx_frontend", "ir_frontend", "tbb", "hwloc")  # what the CPU needs

datas = collect_data_files("diffusiontalker", excludes=["include/**", "lib/**"])
binaries = collect_dynamic_libs("diffusiontalker", search_patterns=LIBRARIES)
# OpenVINO is no import of ours. PyInstaller puts its core library on top of the program, and plug-ins are looked for
# beside that.
binaries += [
    (source, ".")
    for source, _ in collect_dynamic_libs("openvino", search_patterns=LIBRARIES)
    if any(part in Path(source).name for part in OF_OPENVINO)
]
hiddenimports = collect_submodules("diffusiontalker", on_error="ignore")
