// The Python module diffusiontalker._native: one register_<object> per file, on the C ABI only.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "dt/dt.h"

// float32, dense; other types and layouts are converted, which copies.
using FloatArray = pybind11::array_t<float, pybind11::array::c_style | pybind11::array::forcecast>;

// Raises the exception class of diffusiontalker.errors for a failed status. Needs the interpreter lock.
void check(dt_status status);

// A text of the library, which may quote bytes of a damaged file: what is not UTF-8 becomes U+FFFD.
pybind11::str to_text(const char* text);

void register_bundle(pybind11::module_& m);
void register_device(pybind11::module_& m);
void register_library(pybind11::module_& m);
void register_model(pybind11::module_& m);
void register_raster(pybind11::module_& m);
void register_scheduler(pybind11::module_& m);
void register_stream(pybind11::module_& m);
