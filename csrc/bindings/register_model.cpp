#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <utility>

#include "bindings/module.h"
#include "bindings/native_model.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

// A log callback, and the exception that it raised.
struct PythonLog {
  py::object callback;
  std::optional<py::error_already_set> error;
};

// Called without the interpreter lock, inside of the C library, which no exception may cross: it is kept and
// raised when the library has returned. After one nothing more is logged. Only C calls hold Python objects
// here, so that a thread that Python ends meanwhile has nothing to unwind.
void log_to_python(void* user, int32_t level, const char* message) {
  auto* const log = static_cast<PythonLog*>(user);
  try {
    if (is_python_ending()) park();
    const PyGILState_STATE state = PyGILState_Ensure();
    if (!log->error) {
      PyObject* const line =
          PyUnicode_DecodeUTF8(message, static_cast<Py_ssize_t>(std::strlen(message)), "replace");
      PyObject* const done =
          line == nullptr ? nullptr : PyObject_CallFunction(log->callback.ptr(), "iN", level, line);
      if (done == nullptr) log->error.emplace();
      Py_XDECREF(done);
    }
    PyGILState_Release(state);
  } catch (...) {  // pthread_exit
    park();
  }
}

// A path as the system takes it: UTF-8, or on POSIX whatever bytes the name has.
std::string path_bytes(const py::object& path) {
  const py::object encoded = py::reinterpret_steal<py::object>(PyUnicode_EncodeFSDefault(path.ptr()));
  if (!encoded) throw py::error_already_set();
  return encoded.cast<std::string>();
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
  run_unlocked([&] { return dt_model_log_mel(model.handle(), data, n, target, n_rows, &n_rows); });
  return out;
}

// Shortest and longest reference speech; None where the bundle cannot enrol.
std::optional<std::pair<int, int>> enroll_range_ms(const NativeModel& model) {
  if (model.info().has_enrollment == 0) return std::nullopt;
  return std::make_pair(model.info().enroll_min_ms, model.info().enroll_max_ms);
}

const char* or_null(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

py::array_t<float> style(const NativeModel& model, const std::optional<std::string>& identity,
                         const std::optional<std::string>& emotion) {
  py::array_t<float> out(model.info().d_identity);
  check(dt_model_get_style(model.handle(), or_null(identity), or_null(emotion), out.mutable_data(),
                           static_cast<size_t>(out.size())));
  return out;
}

py::array_t<float> blend_styles(const NativeModel& model, const FloatArray& styles,
                                const FloatArray& weights) {
  if (styles.ndim() != 2 || styles.shape(1) != model.info().d_identity || weights.ndim() != 1 ||
      weights.shape(0) != styles.shape(0)) {
    throw py::value_error("styles must be an array [n, " + std::to_string(model.info().d_identity) +
                          "], weights an array [n]");
  }
  std::vector<dt_style_part> parts;
  for (py::ssize_t i = 0; i < styles.shape(0); ++i) parts.push_back({styles.data(i, 0), weights.at(i)});
  py::array_t<float> out(model.info().d_identity);
  check(dt_model_blend_styles(model.handle(), parts.data(), parts.size(), out.mutable_data(),
                              static_cast<size_t>(out.size())));
  return out;
}

using Moods = std::vector<std::pair<std::string, float>>;

std::vector<dt_emotion_part> raw_parts(const Moods& moods) {
  std::vector<dt_emotion_part> parts;
  for (const auto& [emotion, weight] : moods) parts.push_back({emotion.c_str(), weight});
  return parts;
}

py::array_t<float> mix_emotions(const NativeModel& model, const std::optional<std::string>& identity,
                                const Moods& moods, float strength) {
  const std::vector<dt_emotion_part> parts = raw_parts(moods);
  py::array_t<float> out(model.info().d_identity);
  check(dt_model_mix_emotions(model.handle(), or_null(identity), parts.data(), parts.size(), strength,
                              out.mutable_data(), static_cast<size_t>(out.size())));
  return out;
}

py::array_t<float> enroll(const NativeModel& model, const FloatArray& samples, int sample_rate_hz,
                          const Moods& moods, float strength) {
  if (samples.ndim() != 1 && samples.ndim() != 2) {
    throw py::value_error("samples must be an array [n] or [n, n_channels]");
  }
  const float* const data = samples.data();
  const auto n = static_cast<size_t>(samples.shape(0));
  const auto n_channels = static_cast<int32_t>(samples.ndim() == 2 ? samples.shape(1) : 1);
  py::array_t<float> out(model.info().d_identity);
  float* const target = out.mutable_data();
  const auto capacity = static_cast<size_t>(out.size());
  const std::vector<dt_emotion_part> parts = raw_parts(moods);
  run_unlocked([&] {
    return dt_model_enroll_emotions(model.handle(), data, n, n_channels, sample_rate_hz, parts.data(),
                                    parts.size(), strength, target, capacity);
  });
  return out;
}

}  // namespace

NativeModel::NativeModel(const py::object& source, const std::string& backend, const std::string& precision,
                         int n_threads, int n_workers, py::object log, bool pin_threads,
                         const py::str& cache_folder, const py::str& engine_folder, int device,
                         bool allow_host_code, const std::vector<std::string>& profiles) {
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = backend.c_str();
  options.precision = precision.c_str();
  options.n_threads = n_threads;
  options.n_workers = n_workers;
  options.pin_threads = pin_threads ? 1 : 0;
  const std::string cache = path_bytes(cache_folder), engines = path_bytes(engine_folder);
  if (!cache.empty()) options.cache_folder = cache.c_str();
  if (!engines.empty()) options.engine_folder = engines.c_str();
  options.device = device;
  options.allow_host_code = allow_host_code ? 1 : 0;
  std::vector<const char*> names_of_profiles;
  for (const std::string& name : profiles) names_of_profiles.push_back(name.c_str());
  options.profiles = names_of_profiles.data();
  options.n_profiles = static_cast<int32_t>(names_of_profiles.size());
  PythonLog python_log{std::move(log), std::nullopt};
  if (!python_log.callback.is_none()) {
    options.log = &log_to_python;
    options.log_user = &python_log;
  }
  const bool is_packed = py::isinstance<py::bytes>(source);
  const std::string path = is_packed ? "" : path_bytes(source);
  char* data = nullptr;
  py::ssize_t size = 0;
  if (is_packed) PyBytes_AsStringAndSize(source.ptr(), &data, &size);
  dt_model* model = nullptr;
  dt_status status;
  {
    const Unlocked unlocked;
    status = is_packed ? dt_model_open_memory(data, static_cast<size_t>(size), &options, &model)
                       : dt_model_open(path.c_str(), &options, &model);
  }
  handle_.reset(model);
  if (python_log.error) throw *std::move(python_log.error);
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  check(status);
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
  out["hop_samples"] = info.hop_samples;
  out["front_end_samples"] = info.front_end_samples;
  out["latency_ms"] = info.latency_ms;
  out["min_latency_ms"] = info.min_latency_ms;
  out["stream_bytes"] = info.stream_bytes;
  return out;
}

void register_model(py::module_& m) {
  using M = NativeModel;
  m.attr("LOG_INFO") = DT_LOG_INFO;
  m.attr("LOG_WARNING") = DT_LOG_WARNING;
  py::class_<M>(m, "Model", "An opened bundle on a backend; may be shared by threads.")
      .def(py::init<const py::object&, const std::string&, const std::string&, int, int, py::object, bool,
                    const py::str&, const py::str&, int, bool, const std::vector<std::string>&>(),
           py::arg("source"), py::arg("backend") = "auto", py::arg("precision") = "auto",
           py::arg("n_threads") = 2, py::arg("n_workers") = 1, py::arg("log") = py::none(),
           py::arg("pin_threads") = false, py::arg("cache_folder") = "", py::arg("engine_folder") = "",
           py::arg("device") = 0, py::arg("allow_host_code") = false,
           py::arg("profiles") = std::vector<std::string>())
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
      .def_property_readonly("has_head_pose", [](const M& s) { return s.info().has_head_pose != 0; })
      .def_property_readonly("fps_num", [](const M& s) { return s.info().fps_num; })
      .def_property_readonly("fps_den", [](const M& s) { return s.info().fps_den; })
      .def_property_readonly("sample_rate_hz", [](const M& s) { return s.info().sample_rate_hz; })
      .def_property_readonly("n_steps", [](const M& s) { return s.info().n_steps; })
      .def_property_readonly("d_identity", [](const M& s) { return s.info().d_identity; })
      .def_property_readonly("n_mels", [](const M& s) { return s.info().n_mels; })
      .def_property_readonly("backend_name", &M::backend_name)
      .def_property_readonly("precision", &M::precision)
      .def_property_readonly("n_threads", [](const M& s) { return s.info().n_threads; })
      .def_property_readonly("enroll_range_ms", &enroll_range_ms)
      .def_property_readonly("opening_warnings", &M::opening_warnings)
      .def_property_readonly("metadata_json", &M::metadata_json)
      .def("style", &style, py::arg("identity") = py::none(), py::arg("emotion") = py::none(),
           "Style of an identity with an emotion (None: the bundle's defaults): float32 [d_identity].")
      .def("blend_styles", &blend_styles, py::arg("styles"), py::arg("weights"),
           "Weighted mean of styles float32 [n, d_identity] with weights [n]: float32 [d_identity].")
      .def("mix_emotions", &mix_emotions, py::arg("identity"), py::arg("moods"), py::arg("strength"),
           "Style of an identity (None: the default) in moods [(emotion, weight)]: float32 [d_identity].")
      .def("enroll", &enroll, py::arg("samples"), py::arg("sample_rate_hz"), py::arg("moods"),
           py::arg("strength"),
           "Style of the speaker of audio [n] or [n, n_channels]: float32 [d_identity]. Other threads run.")
      .def("profile", &M::profile, py::arg("name") = py::none(),
           "Sizes of a latency profile (None: the default one) as a dict.")
      .def("log_mel", &log_mel, py::arg("samples"),
           "Log-mel of mono audio float32 [n] at sample_rate_hz: float32 [ceil(n / hop_length), n_mels].");
}
