#include "bindings/module.h"

#include <cstring>

#include "bindings/unlocked.h"

namespace py = pybind11;

py::str to_text(const char* text) {
  auto decoded = py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(text, static_cast<py::ssize_t>(std::strlen(text)), "replace"));
  if (!decoded) throw py::error_already_set();
  return decoded;
}

void check(dt_status status) {
  if (status == DT_OK) return;
  const py::str message = to_text(dt_last_error());
  const py::object table = py::module_::import("diffusiontalker.errors").attr("STATUS_TO_ERROR");
  const py::object error_class = table[py::int_(status)];
  PyErr_SetObject(error_class.ptr(), message.ptr());
  throw py::error_already_set();
}

PYBIND11_MODULE(_native, m) {
  m.doc() = "The C++ runtime. Use it through the diffusiontalker package.";
  guard_process_exit();
  register_library(m);
  register_bundle(m);
  register_model(m);
  register_device(m);
  register_stream(m);
  register_scheduler(m);
  register_raster(m);
}
