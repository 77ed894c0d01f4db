#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "bindings/dial_values.h"
#include "bindings/module.h"
#include "bindings/native_stream.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

using IntOption = std::pair<const char*, int32_t dt_stream_options::*>;
constexpr std::array kIntOptions = {
    IntOption{"max_buffered_ms", &dt_stream_options::max_buffered_ms},
    IntOption{"ease_out_frames", &dt_stream_options::ease_out_frames},
    IntOption{"sample_rate_hz", &dt_stream_options::sample_rate_hz},
    IntOption{"offset_ms", &dt_stream_options::offset_ms},
    IntOption{"smoothing_ms", &dt_stream_options::smoothing_ms},
    IntOption{"lip_seal", &dt_stream_options::lip_seal},
    IntOption{"silence_gate", &dt_stream_options::silence_gate},
    IntOption{"gate_hold_ms", &dt_stream_options::gate_hold_ms},
    IntOption{"gate_ease_ms", &dt_stream_options::gate_ease_ms},
    IntOption{"deadline_ms", &dt_stream_options::deadline_ms},
    IntOption{"grow_to_ms", &dt_stream_options::grow_to_ms},
    IntOption{"history_ms", &dt_stream_options::history_ms},
};

using FloatOption = std::pair<const char*, float dt_stream_options::*>;
constexpr std::array kFloatOptions = {
    FloatOption{"gate_open_dbfs", &dt_stream_options::gate_open_dbfs},
    FloatOption{"gate_close_dbfs", &dt_stream_options::gate_close_dbfs},
    FloatOption{"emotion_strength", &dt_stream_options::emotion_strength},
    FloatOption{"head_amount", &dt_stream_options::head_amount},
};

// What the options point to while the stream is made.
struct Texts {
  std::string identity, emotion, profile;
  FloatArray style;
};

constexpr size_t kPoseSize = 3;  // yaw, pitch, roll

void expect_style(const FloatArray& style, int d_identity) {
  if (style.ndim() != 1 || style.size() != d_identity) {
    throw py::value_error("style must be an array [" + std::to_string(d_identity) + "]");
  }
}

bool set_number(const std::string& name, const py::handle& value, dt_stream_options* o) {
  for (const auto& [known, member] : kIntOptions) {
    if (name == known) o->*member = value.cast<int32_t>();
    if (name == known) return true;
  }
  if (name == "seed") o->seed = value.cast<uint64_t>();
  for (const auto& [known, member] : kFloatOptions) {
    if (name == known) o->*member = value.cast<float>();
    if (name == known) return true;
  }
  return name == "seed";
}

bool set_text(const std::string& name, const py::handle& value, dt_stream_options* o, Texts* texts) {
  const auto set = [&](std::string* text, const char** target) {
    *text = value.cast<std::string>();
    *target = text->c_str();
    return true;
  };
  if (name == "identity") return set(&texts->identity, &o->identity);
  if (name == "emotion") return set(&texts->emotion, &o->emotion);
  if (name == "profile") return set(&texts->profile, &o->profile);
  return false;
}

}  // namespace

NativeStream::NativeStream(const NativeModel& model, const py::kwargs& options)
    : n_channels_(model.info().n_channels), d_identity_(model.info().d_identity) {
  dt_stream_options o;
  dt_stream_options_default(&o);
  o.max_buffered_ms = 30000;  // Python programs push whole clips
  Texts texts;
  std::optional<DialValues> dials;
  for (const auto& [key, value] : options) {
    const auto name = key.cast<std::string>();
    if (value.is_none()) continue;
    if (name == "style") {
      texts.style = value.cast<FloatArray>();
      expect_style(texts.style, d_identity_);
      o.style = texts.style.data();
    } else if (name == "dials") {
      o.dials = dials.emplace(value.cast<py::dict>(), n_channels_).get();
    } else if (!set_text(name, value, &o, &texts) && !set_number(name, value, &o)) {
      throw py::type_error("Stream has no option " + name);
    }
  }
  dt_stream* stream = nullptr;
  run_unlocked([&] { return dt_stream_create(model.handle(), &o, &stream); });
  handle_.reset(stream);
}

void NativeStream::push(const FloatArray& samples, int sample_rate_hz, std::optional<int64_t> utterance) {
  if (samples.ndim() != 1 && samples.ndim() != 2) {
    throw py::value_error("samples must be an array [n] or [n, n_channels]");
  }
  const float* const data = samples.data();
  const auto n = static_cast<size_t>(samples.shape(0));
  const auto n_channels =
      static_cast<int32_t>(samples.ndim() == 2 ? std::min<py::ssize_t>(samples.shape(1), 1 << 20) : 1);
  run_unlocked([&] {
    return utterance ? dt_stream_push_utterance(handle(), *utterance, data, n, n_channels, sample_rate_hz)
                     : dt_stream_push(handle(), data, n, n_channels, sample_rate_hz);
  });
}

void NativeStream::idle(int64_t n_frames) {
  run_unlocked([&] { return dt_stream_idle(handle(), n_frames); });
}

std::tuple<int64_t, py::array_t<float>> NativeStream::pull(std::optional<size_t> capacity) {
  auto [first_frame, weights, head_pose] = pull_with_pose(capacity);
  return {first_frame, std::move(weights)};
}

std::tuple<int64_t, py::array_t<float>, py::array_t<float>> NativeStream::pull_with_pose(
    std::optional<size_t> capacity) {
  auto [first_frame, weights, head_pose, utterance] = pull_utterance(capacity);
  return {first_frame, std::move(weights), std::move(head_pose)};
}

std::tuple<int64_t, py::array_t<float>, py::array_t<float>, int64_t> NativeStream::pull_utterance(
    std::optional<size_t> capacity) {
  const auto ready = static_cast<size_t>(ready_frames());
  const size_t n_wanted = std::min(ready, capacity.value_or(ready));
  py::array_t<float> weights({n_wanted, static_cast<size_t>(n_channels_)});
  py::array_t<float> head_pose({n_wanted, kPoseSize});
  float *const data = weights.mutable_data(), *const pose = head_pose.mutable_data();
  int64_t first_frame = 0, utterance = 0;
  size_t n_frames = 0;
  run_unlocked([&] {
    return dt_stream_pull_utterance(handle(), data, pose, n_wanted, &first_frame, &n_frames, &utterance);
  });
  // Fewer when another thread pulled, paused, interrupted or reset in between.
  if (n_frames != n_wanted) {
    weights.resize({n_frames, static_cast<size_t>(n_channels_)});
    head_pose.resize({n_frames, kPoseSize});
  }
  return {first_frame, weights, head_pose, utterance};
}

std::tuple<int64_t, size_t> NativeStream::pull_device(const NativeDeviceArray& array) {
  auto [first_frame, n_frames, head_pose] = pull_device_with_pose(array);
  return {first_frame, n_frames};
}

std::tuple<int64_t, size_t, py::array_t<float>> NativeStream::pull_device_with_pose(
    const NativeDeviceArray& array) {
  py::array_t<float> head_pose({array.shape()[0].cast<size_t>(), kPoseSize});
  float* const pose = head_pose.mutable_data();
  int64_t first_frame = 0;
  size_t n_frames = 0;
  run_unlocked([&] {
    return dt_stream_pull_device_with_pose(handle(), array.handle(), pose, &first_frame, &n_frames);
  });
  head_pose.resize({n_frames, kPoseSize});
  return {first_frame, n_frames, head_pose};
}

std::tuple<double, py::array_t<float>, py::array_t<float>> NativeStream::frame_at(double time_s,
                                                                                  int max_hops) {
  py::array_t<float> weights(n_channels_);
  py::array_t<float> head_pose(kPoseSize);
  float *const data = weights.mutable_data(), *const pose = head_pose.mutable_data();
  double pose_time_s = 0;
  run_unlocked([&] { return dt_stream_frame_at(handle(), time_s, max_hops, data, pose, &pose_time_s); });
  return {pose_time_s, weights, head_pose};
}

int64_t NativeStream::ready_frames() const {
  int64_t n = 0;
  run_unlocked([&] { return dt_stream_ready_frames(handle(), &n); });
  return n;
}

void NativeStream::flush(std::optional<int64_t> utterance) {
  run_unlocked([&] {
    return utterance ? dt_stream_flush_utterance(handle(), *utterance) : dt_stream_flush(handle());
  });
}

void NativeStream::reset() {
  run_unlocked([&] { return dt_stream_reset(handle()); });
}

void NativeStream::seek(int64_t frame) {
  run_unlocked([&] { return dt_stream_seek(handle(), frame); });
}

std::tuple<int64_t, int64_t> NativeStream::interrupt(int ease_ms, std::optional<int64_t> shown_frame) {
  int64_t next = 0, utterance = 0;
  if (shown_frame) {
    run_unlocked([&] { return dt_stream_interrupt_at(handle(), *shown_frame, ease_ms, &next, &utterance); });
    return {next, utterance};
  }
  run_unlocked([&] { return dt_stream_interrupt(handle(), ease_ms, &next); });
  return {next, info()["utterance"].cast<int64_t>()};
}

void NativeStream::pause(bool paused) {
  run_unlocked([&] { return dt_stream_pause(handle(), paused ? 1 : 0); });
}

void NativeStream::set_style(const FloatArray& style, int blend_ms, std::optional<int64_t> frame) {
  expect_style(style, d_identity_);
  const float* const data = style.data();
  run_unlocked([&] {
    return frame ? dt_stream_set_style_at(handle(), data, *frame, blend_ms)
                 : dt_stream_set_style(handle(), data, blend_ms);
  });
}

void NativeStream::set_dials(const py::dict& dials, int blend_ms, std::optional<int64_t> frame) {
  const DialValues values(dials, n_channels_);
  run_unlocked([&] { return dt_stream_set_dials(handle(), values.get(), frame.value_or(-1), blend_ms); });
}

py::dict NativeStream::info() const {
  dt_stream_info i{};
  i.struct_size = sizeof(i);
  run_unlocked([&] { return dt_stream_get_info(handle(), &i); });
  py::dict out;
  out["next_frame"] = i.next_frame;
  out["audio_frame"] = i.audio_frame;
  out["memory_bytes"] = i.memory_bytes;
  out["free_samples"] = i.free_samples;
  out["sample_rate_hz"] = i.sample_rate_hz;
  out["resampler_samples"] = i.resampler_samples;
  out["latency_ms"] = i.latency_ms;
  out["is_flushed"] = i.is_flushed != 0;
  out["is_paused"] = i.is_paused != 0;
  out["in_scheduler"] = i.in_scheduler != 0;
  out["is_failed"] = i.is_failed != 0;
  out["utterance"] = i.utterance;
  out["next_audio_frame"] = i.next_audio_frame;
  out["buffered_frames"] = i.buffered_frames;
  out["first_kept_frame"] = i.first_kept_frame;
  return out;
}

py::dict NativeStream::stats() const {
  dt_stream_stats s{};
  s.struct_size = sizeof(s);
  run_unlocked([&] { return dt_stream_get_stats(handle(), &s); });
  py::dict out;
  out["n_hops"] = s.n_hops;
  out["n_frames"] = s.n_frames;
  out["front_end_ns"] = s.front_end_ns;
  out["encoder_ns"] = s.encoder_ns;
  out["denoiser_ns"] = s.denoiser_ns;
  out["update_ns"] = s.update_ns;
  out["post_ns"] = s.post_ns;
  out["n_overruns"] = s.n_overruns;
  out["n_underruns"] = s.n_underruns;
  out["n_deadline_misses"] = s.n_deadline_misses;
  out["max_lateness_ns"] = s.max_lateness_ns;
  return out;
}

void register_stream(py::module_& m) {
  using S = NativeStream;
  py::class_<S>(m, "Stream", "One character: audio in, frames out. Threads as dt/dt.h says.")
      .def(py::init<const NativeModel&, const py::kwargs&>(), py::arg("model"))
      .def("push", &S::push, py::arg("samples"), py::arg("sample_rate_hz"), py::arg("utterance") = py::none(),
           "Appends audio [n] or [n, n_channels], -1..1, of an utterance (None: the one at hand).")
      .def("idle", &S::idle, py::arg("n_frames"),
           "Appends silence up to the end of the frame at hand, and n_frames of it.")
      .def("pull", &S::pull, py::arg("capacity") = py::none(),
           "Takes up to capacity frames (None: all that are ready): (first_frame, float32 [n, n_channels]).")
      .def("pull_with_pose", &S::pull_with_pose, py::arg("capacity") = py::none(),
           "As pull: (first_frame, weights, head pose float32 [n, 3] in radians).")
      .def("pull_utterance", &S::pull_utterance, py::arg("capacity") = py::none(),
           "As pull_with_pose, and whose frames they are: (first_frame, weights, head pose, utterance).")
      .def("pull_device", &S::pull_device, py::arg("array"),
           "As pull, into the first rows of a DeviceArray: (first_frame, n_frames).")
      .def("pull_device_with_pose", &S::pull_device_with_pose, py::arg("array"),
           "The same: (first_frame, n_frames, head pose float32 [n, 3] on the host).")
      .def("ready_frames", &S::ready_frames, "Frames that pull() would give now.")
      .def("frame_at", &S::frame_at, py::arg("time_s"), py::arg("max_hops"),
           "The pose of a moment: (its time, float32 [n_channels], head pose float32 [3]).")
      .def("flush", &S::flush, py::arg("utterance") = py::none(),
           "Ends the audio; the remaining frames become ready.")
      .def("reset", &S::reset, "Back to the state after creation.")
      .def("seek", &S::seek, py::arg("frame"), "As reset, but the next audio begins at this frame.")
      .def("interrupt", &S::interrupt, py::arg("ease_ms"), py::arg("shown_frame") = py::none(),
           "Drops what waits, eases to rest; returns the frame and the utterance of the next audio.")
      .def("pause", &S::pause, py::arg("paused"), "Holds the stream, or lets it go on.")
      .def("set_style", &S::set_style, py::arg("style"), py::arg("blend_ms"), py::arg("frame") = py::none(),
           "Changes the style, float32 [d_identity], blended over blend_ms, from a frame on.")
      .def("set_dials", &S::set_dials, py::arg("dials"), py::arg("blend_ms"), py::arg("frame") = py::none(),
           "Changes the dials, a dict of names of dt_dials, blended over blend_ms, from a frame on.")
      .def("info", &S::info, "State, memory and latency.")
      .def("stats", &S::stats, "Counts, and nanoseconds by phase, since creation or reset.");
}
