#include "bindings/module.h"

#include <string>

namespace py = pybind11;

void check(dt_status status) {
  if (status == DT_OK) return;
  const std::string message = dt_last_error();
  const py::object table = py::module_::import("diffusiontalker.errors").attr("STATUS_TO_ERROR");
  const py::object error_class = table[py::int_(status)];
  PyErr_SetString(error_class.ptr(), message.c_str());
  throw py::error_already_set();
}

PYBIND11_MODULE(_native, m) {
  m.doc() = "The C++ runtime. Use it through the diffusiontalker package.";
  register_library(m);
  register_model(m);
  register_device(m);
  register_stream(m);
  register_scheduler(m);
  register_raster(m);
}
