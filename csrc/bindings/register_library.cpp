// Functions that need no model: version, backends, and parts for tools and tests.
#include <string>
#include <tuple>

#include "bindings/module.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

std::tuple<bool, py::str> probe_backend(const std::string& name) {
  dt_status status;
  {
    const Unlocked unlocked;
    status = dt_backend_probe(name.c_str());
  }
  if (status == DT_NO_BACKEND) return {false, to_text(dt_last_error())};
  check(status);
  return {true, py::str("")};
}

py::list backends() {
  py::list all;
  for (int32_t i = 0; i < dt_backend_count(); ++i) {
    dt_backend_info info{};
    info.struct_size = sizeof(info);
    check(dt_backend_get_info(i, &info));
    py::dict d;
    d["name"] = info.name;
    d["precisions"] = py::str(info.precisions).attr("split")();
    d["default_precision"] = info.default_precision;
    d["auto_rank"] = info.auto_rank;
    d["remedy"] = info.remedy;
    all.append(d);
  }
  return all;
}

py::array_t<float> noise(uint64_t seed, int64_t first_frame, size_t n_frames, int n_channels) {
  py::array_t<float> out({n_frames, static_cast<size_t>(n_channels > 0 ? n_channels : 0)});
  check(dt_noise_fill(seed, first_frame, n_frames, n_channels, out.mutable_data()));
  return out;
}

py::array_t<float> resample(const FloatArray& samples, int rate_in_hz, int rate_out_hz) {
  if (samples.ndim() != 1) throw py::value_error("samples must be an array [n]");
  const float* const data = samples.data();
  const auto n = static_cast<size_t>(samples.size());
  size_t n_out = 0;
  const dt_status asked = dt_resample(data, n, rate_in_hz, rate_out_hz, nullptr, 0, &n_out);
  if (n_out == 0) check(asked);  // otherwise it failed for want of capacity, which tells the size
  py::array_t<float> out(static_cast<py::ssize_t>(n_out));
  float* const target = out.mutable_data();
  run_unlocked([&] { return dt_resample(data, n, rate_in_hz, rate_out_hz, target, n_out, &n_out); });
  return out;
}

}  // namespace

void register_library(py::module_& m) {
  m.attr("tensorrt_library") = DT_TENSORRT_NAME;  // "tensorrt", "tensorrt-rtx"; "": built without
  m.def("version", &dt_version, "Version of the loaded library, \"major.minor.patch\".");
  m.def("backends", &backends,
        "What every backend says of itself, installed or not, by name: name, precisions, default_precision, "
        "auto_rank, remedy.");
  m.def("probe_backend", &probe_backend, py::arg("name"),
        "Whether a backend can run here, and the reason if not: (bool, str).");
  m.def("noise", &noise, py::arg("seed"), py::arg("first_frame"), py::arg("n_frames"), py::arg("n_channels"),
        "The sampler's initial noise, float32 [n_frames, n_channels].");
  m.def("resample", &resample, py::arg("samples"), py::arg("rate_in_hz"), py::arg("rate_out_hz"),
        "Resamples mono audio float32 [n] to float32 [ceil(n * rate_out_hz / rate_in_hz)].");
}
