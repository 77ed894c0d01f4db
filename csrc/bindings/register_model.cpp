#include <pybind11/stl.h>

#include "bindings/module.h"
#include "bindings/native_model.h"

namespace py = pybind11;

namespace {

// Called without the interpreter lock. An exception in the callback must not cross the C library; Python
// prints it as unraisable instead.
void log_to_python(void* user, int32_t level, const char* message) {
  const py::gil_scoped_acquire acquire;
  try {
    (*static_cast<py::object*>(user))(level, message);
  } catch (py::error_already_set& e) {
    e.discard_as_unraisable("diffusiontalker log callback");
  }
}

py::array_t<float> log_mel(const NativeModel& model, const FloatArray& samples) {
  if (samples.ndim() != 1) throw py::value_error("samples must be an array [n]");
  const float* const data = samples.data();
  const auto n = static_cast<size_t>(samples.size());
  size_t n_rows = 0;
  const dt_status asked = dt_model_log_mel(model.handle(), data, n, nullptr, 0, &n_rows);
  if (n_rows == 0) check(asked);  // otherwise it failed for want of capacity, which tells the size
  py::array_t<float> out({n_rows, static_cast<size_t>(model.info().n_mels)});
  float* const target = out.mutable_data();
  dt_status status;
  {
    py::gil_scoped_release release;
    status = dt_model_log_mel(model.handle(), data, n, target, n_rows, &n_rows);
  }
  check(status);
  return out;
}

}  // namespace

NativeModel::NativeModel(const std::string& path, const std::string& backend, const std::string& precision,
                         int n_threads, py::object log) {
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = backend.c_str();
  options.precision = precision.c_str();
  options.n_threads = n_threads;
  if (!log.is_none()) {
    options.log = &log_to_python;
    options.log_user = &log;
  }
  dt_model* model = nullptr;
  dt_status status;
  {
    py::gil_scoped_release release;
    status = dt_model_open(path.c_str(), &options, &model);
  }
  check(status);
  handle_.reset(model);
  info_.struct_size = sizeof(info_);
  check(dt_model_get_info(model, &info_));
}

std::vector<std::string> NativeModel::names(int32_t n,
                                            const char* (*name_of)(const dt_model*, int32_t)) const {
  std::vector<std::string> out;
  for (int32_t i = 0; i < n; ++i) out.emplace_back(name_of(handle(), i));
  return out;
}

std::optional<std::string> NativeModel::default_emotion() const {
  if (info_.n_emotions == 0) return std::nullopt;
  return dt_model_default_emotion(handle());
}

py::dict NativeModel::profile(const std::optional<std::string>& name) const {
  dt_profile_info info{};
  info.struct_size = sizeof(info);
  check(dt_model_get_profile(handle(), name ? name->c_str() : nullptr, &info));
  py::dict out;
  out["past_frames"] = info.past_frames;
  out["hop_frames"] = info.hop_frames;
  out["lookahead_frames"] = info.lookahead_frames;
  out["lookahead_samples"] = info.lookahead_samples;
  return out;
}

void register_model(py::module_& m) {
  using M = NativeModel;
  m.attr("LOG_INFO") = DT_LOG_INFO;
  m.attr("LOG_WARNING") = DT_LOG_WARNING;
  py::class_<M>(m, "Model", "An opened bundle on a backend; may be shared by threads.")
      .def(py::init<const std::string&, const std::string&, const std::string&, int, py::object>(),
           py::arg("path"), py::arg("backend") = "auto", py::arg("precision") = "f32",
           py::arg("n_threads") = 2, py::arg("log") = py::none())
      .def_property_readonly(
          "channels", [](const M& s) { return s.names(s.info().n_channel_names, &dt_model_channel_name); })
      .def_property_readonly(
          "identities", [](const M& s) { return s.names(s.info().n_identities, &dt_model_identity_name); })
      .def_property_readonly("emotions",
                             [](const M& s) { return s.names(s.info().n_emotions, &dt_model_emotion_name); })
      .def_property_readonly("default_emotion", &M::default_emotion)
      .def_property_readonly("motion_space", &M::motion_space)
      .def_property_readonly("profiles",
                             [](const M& s) { return s.names(s.info().n_profiles, &dt_model_profile_name); })
      .def_property_readonly("n_channels", [](const M& s) { return s.info().n_channels; })
      .def_property_readonly("fps_num", [](const M& s) { return s.info().fps_num; })
      .def_property_readonly("fps_den", [](const M& s) { return s.info().fps_den; })
      .def_property_readonly("sample_rate_hz", [](const M& s) { return s.info().sample_rate_hz; })
      .def_property_readonly("n_steps", [](const M& s) { return s.info().n_steps; })
      .def_property_readonly("d_identity", [](const M& s) { return s.info().d_identity; })
      .def_property_readonly("n_mels", [](const M& s) { return s.info().n_mels; })
      .def_property_readonly("backend_name", &M::backend_name)
      .def_property_readonly("metadata_json", &M::metadata_json)
      .def("profile", &M::profile, py::arg("name") = py::none(),
           "Sizes of a latency profile (None: the default one) as a dict.")
      .def("log_mel", &log_mel, py::arg("samples"),
           "Log-mel of mono audio float32 [n] at sample_rate_hz: float32 [ceil(n / hop_length), n_mels].");
}
