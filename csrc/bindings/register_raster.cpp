// Drawing: raster_draw(), which takes NumPy arrays and gives a picture.
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "bindings/module.h"
#include "bindings/unlocked.h"
#include "dt/raster.h"

namespace py = pybind11;

namespace {

using Floats = FloatArray;
using Ints = py::array_t<int32_t, py::array::c_style | py::array::forcecast>;
using Triple = std::array<float, 3>;

void expect_shape(const py::array& array, py::ssize_t rows, py::ssize_t columns, const char* name) {
  const bool fits = array.ndim() == 2 && (rows < 0 || array.shape(0) == rows) && array.shape(1) == columns;
  if (!fits) {
    throw py::value_error(std::string(name) + " must be an array [" +
                          (rows < 0 ? "n" : std::to_string(rows)) + ", " + std::to_string(columns) + "]");
  }
}

void copy(const Triple& from, float (&to)[3]) { std::copy(from.begin(), from.end(), to); }

py::array_t<uint8_t> raster_draw(const Floats& positions, const Ints& triangles, const Floats& colors,
                                 const Triple& eye, const Triple& target, int width, int height,
                                 const std::optional<Ints>& smooth_group, const Triple& up, float fov_y_deg,
                                 int samples_per_axis, const Triple& background_top,
                                 const Triple& background_bottom) {
  expect_shape(positions, -1, 3, "positions");
  expect_shape(triangles, -1, 3, "triangles");
  expect_shape(colors, positions.shape(0), 4, "colors");
  if (smooth_group && (smooth_group->ndim() != 1 || smooth_group->shape(0) != positions.shape(0))) {
    throw py::value_error("smooth_group must be an array [n] with one number per position");
  }
  dt_raster_mesh mesh = {};
  mesh.struct_size = sizeof(mesh);
  mesh.positions = positions.data();
  mesh.colors = colors.data();
  mesh.smooth_group = smooth_group ? smooth_group->data() : nullptr;
  mesh.n_vertices = static_cast<size_t>(positions.shape(0));
  mesh.triangles = triangles.data();
  mesh.n_triangles = static_cast<size_t>(triangles.shape(0));
  dt_raster_view view;
  dt_raster_view_default(&view);
  view.width = width;
  view.height = height;
  view.samples_per_axis = samples_per_axis;
  view.fov_y_deg = fov_y_deg;
  copy(eye, view.eye);
  copy(target, view.target);
  copy(up, view.up);
  copy(background_top, view.background_top);
  copy(background_bottom, view.background_bottom);
  // A size the library refuses must not become an array first.
  const bool sane = width >= 1 && height >= 1 && width <= 8192 && height <= 8192;
  py::array_t<uint8_t> pixels({sane ? height : 1, sane ? width : 1, 3});
  uint8_t* const data = pixels.mutable_data();
  const size_t capacity = static_cast<size_t>(pixels.size());
  run_unlocked([&] { return dt_raster_draw(&mesh, &view, data, capacity); });
  return pixels;
}

}  // namespace

void register_raster(py::module_& m) {
  m.def("raster_draw", &raster_draw, py::arg("positions"), py::arg("triangles"), py::arg("colors"),
        py::arg("eye"), py::arg("target"), py::arg("width"), py::arg("height"), py::kw_only(),
        py::arg("smooth_group") = py::none(), py::arg("up") = Triple{0, 1, 0}, py::arg("fov_y_deg") = 30.0f,
        py::arg("samples_per_axis") = 2, py::arg("background_top") = Triple{0.93f, 0.94f, 0.95f},
        py::arg("background_bottom") = Triple{0.78f, 0.80f, 0.83f},
        "Draws a mesh: positions float32 [V, 3], triangles int32 [n, 3], colors float32 [V, 4] (sRGB 0..1 "
        "and gloss), "
        "smooth_group None or int32 [V]; see dt/raster.h. Returns uint8 [height, width, 3]. Other threads "
        "run meanwhile.");
}
