// Bundles without a backend: bundle_check(), bundle_read().
#include <string>

#include "bindings/module.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

// A path (str, bytes or os.PathLike) as the system has it, whatever its bytes are.
std::string system_path(const py::object& path) {
  const auto name = py::module_::import("os").attr("fsencode")(path).cast<std::string>();
  if (name.find('\0') != std::string::npos) throw py::value_error("a path must not hold the character 0");
  return name;
}

void bundle_check(const py::object& path) {
  const std::string name = system_path(path);
  run_unlocked([&] { return dt_bundle_check(name.c_str()); });
}

dt_status read_bundle(const py::object& source, const std::string& name, char* data, size_t capacity,
                      size_t* n) {
  const bool is_packed = py::isinstance<py::bytes>(source);
  const std::string path = is_packed ? "" : system_path(source);
  char* packed = nullptr;
  py::ssize_t size = 0;
  if (is_packed) PyBytes_AsStringAndSize(source.ptr(), &packed, &size);
  const Unlocked unlocked;
  return is_packed ? dt_bundle_read_memory(packed, static_cast<size_t>(size), name.c_str(), data, capacity, n)
                   : dt_bundle_read(path.c_str(), name.c_str(), data, capacity, n);
}

py::bytes bundle_read(const py::object& source, const std::string& name) {
  size_t n = 0;
  const dt_status asked = read_bundle(source, name, nullptr, 0, &n);
  if (n == 0) check(asked);  // otherwise it failed for want of capacity, which tells the size
  py::bytes out(nullptr, n);
  if (n > 0) check(read_bundle(source, name, PyBytes_AS_STRING(out.ptr()), n, &n));
  return out;
}

}  // namespace

void register_bundle(py::module_& m) {
  m.def("bundle_check", &bundle_check, py::arg("path"),
        "Checks a bundle folder or packed bundle whole, without a backend (dt_bundle_check). Other threads "
        "run.");
  m.def("bundle_read", &bundle_read, py::arg("source"), py::arg("name"),
        "A file of a bundle as bytes, checked (dt_bundle_read). source: a path, or the bytes of a packed "
        "bundle. "
        "Other threads run.");
}
