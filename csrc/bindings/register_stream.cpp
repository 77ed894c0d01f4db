#include <pybind11/stl.h>

#include <algorithm>

#include "bindings/module.h"
#include "bindings/native_model.h"

namespace py = pybind11;

namespace {

class NativeStream {
 public:
  NativeStream(const NativeModel& model, const std::optional<std::string>& identity,
               const std::optional<FloatArray>& style, uint64_t seed,
               const std::optional<std::string>& profile, int max_buffered_ms, int ease_out_frames,
               const std::optional<std::string>& emotion)
      : n_channels_(model.info().n_channels) {
    dt_stream_options options;
    dt_stream_options_default(&options);
    if (identity) options.identity = identity->c_str();
    if (emotion) options.emotion = emotion->c_str();
    if (style) {
      if (style->ndim() != 1 || style->size() != model.info().d_identity) {
        throw py::value_error("style must be an array [" + std::to_string(model.info().d_identity) + "]");
      }
      options.style = style->data();
    }
    options.seed = seed;
    if (profile) options.profile = profile->c_str();
    options.max_buffered_ms = max_buffered_ms;
    options.ease_out_frames = ease_out_frames;
    dt_stream* stream = nullptr;
    dt_status status;
    {
      py::gil_scoped_release release;
      status = dt_stream_create(model.handle(), &options, &stream);
    }
    check(status);
    handle_.reset(stream);
  }

  void push(const FloatArray& samples, int sample_rate_hz) {
    if (samples.ndim() != 1 && samples.ndim() != 2) {
      throw py::value_error("samples must be an array [n] or [n, n_channels]");
    }
    const float* const data = samples.data();
    const auto n = static_cast<size_t>(samples.shape(0));
    const auto n_channels =
        static_cast<int32_t>(samples.ndim() == 2 ? std::min<py::ssize_t>(samples.shape(1), 1 << 20) : 1);
    dt_status status;
    {
      py::gil_scoped_release release;
      status = dt_stream_push(handle_.get(), data, n, n_channels, sample_rate_hz);
    }
    check(status);
  }

  std::tuple<int64_t, py::array_t<float>> pull(std::optional<size_t> capacity) {
    const auto ready = static_cast<size_t>(ready_frames());
    const size_t n_wanted = std::min(ready, capacity.value_or(ready));
    py::array_t<float> weights({n_wanted, static_cast<size_t>(n_channels_)});
    float* const data = weights.mutable_data();
    int64_t first_frame = 0;
    size_t n_frames = 0;
    dt_status status;
    {
      py::gil_scoped_release release;
      status = dt_stream_pull(handle_.get(), data, n_wanted, &first_frame, &n_frames);
    }
    check(status);
    if (n_frames != n_wanted) throw py::value_error("the stream was used by two threads at once");
    return {first_frame, weights};
  }

  int64_t ready_frames() const {
    int64_t n = 0;
    check(dt_stream_ready_frames(handle_.get(), &n));
    return n;
  }

  void flush() {
    dt_status status;
    {
      py::gil_scoped_release release;
      status = dt_stream_flush(handle_.get());
    }
    check(status);
  }

  void reset() { check(dt_stream_reset(handle_.get())); }

  py::dict stats() const {
    dt_stream_stats s{};
    s.struct_size = sizeof(s);
    check(dt_stream_get_stats(handle_.get(), &s));
    py::dict out;
    out["n_hops"] = s.n_hops;
    out["n_frames"] = s.n_frames;
    out["front_end_ns"] = s.front_end_ns;
    out["encoder_ns"] = s.encoder_ns;
    out["denoiser_ns"] = s.denoiser_ns;
    out["update_ns"] = s.update_ns;
    out["post_ns"] = s.post_ns;
    return out;
  }

 private:
  struct Release {
    void operator()(dt_stream* stream) const { dt_stream_release(stream); }
  };
  std::unique_ptr<dt_stream, Release> handle_;
  int n_channels_;
};

}  // namespace

void register_stream(py::module_& m) {
  using S = NativeStream;
  py::class_<S>(m, "Stream", "One character: audio in, frames out. One thread at a time.")
      .def(py::init<const NativeModel&, const std::optional<std::string>&, const std::optional<FloatArray>&,
                    uint64_t, const std::optional<std::string>&, int, int,
                    const std::optional<std::string>&>(),
           py::arg("model"), py::arg("identity") = py::none(), py::arg("style") = py::none(),
           py::arg("seed") = 0, py::arg("profile") = py::none(), py::arg("max_buffered_ms") = 30000,
           py::arg("ease_out_frames") = 5, py::arg("emotion") = py::none())
      .def("push", &S::push, py::arg("samples"), py::arg("sample_rate_hz"),
           "Appends audio [n] or [n, n_channels], -1..1. Other threads run meanwhile.")
      .def("pull", &S::pull, py::arg("capacity") = py::none(),
           "Takes up to capacity frames (None: all that are ready): (first_frame, float32 [n, n_channels]).")
      .def("ready_frames", &S::ready_frames, "Frames that pull() would give now.")
      .def("flush", &S::flush, "Ends the audio; the remaining frames become ready.")
      .def("reset", &S::reset, "Back to the state after creation.")
      .def("stats", &S::stats, "Counts, and nanoseconds by phase, since creation or reset.");
}
