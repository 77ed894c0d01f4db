// C++17 wrapper of the C ABI, header only: handles that release themselves, exceptions, containers.
// Everything it does goes through dt.h, whose comments are the manual; it may be compiled by any compiler,
// since no C++ type crosses into the library.
//
//   dtalk::Model model("base.bundle");
//   dtalk::Stream stream(model);
//   stream.push(samples, n_frames, 1, 16000);
//   for (dtalk::Frames f = stream.pull(); f.n_frames > 0; f = stream.pull()) use(f.first_frame, f.weights);
#ifndef DT_DT_HPP
#define DT_DT_HPP

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dt/dt.h"

namespace dtalk {

// Carries the status and dt_last_error().
class Error : public std::runtime_error {
 public:
  Error(dt_status status, const char* message) : std::runtime_error(message), status_(status) {}
  dt_status status() const noexcept { return status_; }

 private:
  dt_status status_;
};

// Throws Error for any status but DT_OK.
inline void check(dt_status status) {
  if (status != DT_OK) throw Error(status, dt_last_error());
}

// Throws Error when the text is NULL.
inline std::string check_text(const char* text) {
  if (text == nullptr) throw Error(DT_INVALID_ARGUMENT, dt_last_error());
  return text;
}

template <typename Info>
Info sized() {
  Info info{};
  info.struct_size = sizeof(Info);
  return info;
}

// What every backend says of itself, installed or not.
inline std::vector<dt_backend_info> backends() {
  std::vector<dt_backend_info> all(static_cast<size_t>(dt_backend_count()), sized<dt_backend_info>());
  for (size_t i = 0; i < all.size(); ++i) check(dt_backend_get_info(static_cast<int32_t>(i), &all[i]));
  return all;
}

inline dt_model_options model_options() {
  dt_model_options options;
  check(dt_model_options_default(&options));
  return options;
}

inline dt_dials dials() {
  dt_dials dials;
  check(dt_dials_default(&dials));
  return dials;
}
inline dt_stream_options stream_options() {
  dt_stream_options options;
  check(dt_stream_options_default(&options));
  return options;
}

inline dt_scheduler_options scheduler_options() {
  dt_scheduler_options options;
  check(dt_scheduler_options_default(&options));
  return options;
}

struct ReleaseModel {
  void operator()(dt_model* handle) const noexcept { dt_model_release(handle); }
};
struct ReleaseStream {
  void operator()(dt_stream* handle) const noexcept { dt_stream_release(handle); }
};
struct ReleaseScheduler {
  void operator()(dt_scheduler* handle) const noexcept { dt_scheduler_release(handle); }
};

// d_identity floats.
using Style = std::vector<float>;

// Emotions and their weights, 0..2 each.
using Moods = std::vector<std::pair<std::string, float>>;

// Any thread. Moved-from objects answer with Error.
class Model {
 public:
  explicit Model(const std::string& path, const dt_model_options& options = model_options()) {
    dt_model* handle = nullptr;
    check(dt_model_open(path.c_str(), &options, &handle));
    handle_.reset(handle);
  }
  static Model from_memory(const void* data, size_t size, const dt_model_options& options = model_options()) {
    dt_model* handle = nullptr;
    check(dt_model_open_memory(data, size, &options, &handle));
    return Model(handle);
  }
  static Model from_reader(const dt_reader& reader, const dt_model_options& options = model_options()) {
    dt_model* handle = nullptr;
    check(dt_model_open_reader(&reader, &options, &handle));
    return Model(handle);
  }

  dt_model* handle() const noexcept { return handle_.get(); }
  dt_model_info info() const {
    auto info = sized<dt_model_info>();
    check(dt_model_get_info(handle(), &info));
    return info;
  }
  // An empty name is the default profile.
  dt_profile_info profile(const std::string& name = "") const {
    auto info = sized<dt_profile_info>();
    check(dt_model_get_profile(handle(), name.empty() ? nullptr : name.c_str(), &info));
    return info;
  }
  std::vector<std::string> channels() const { return names(info().n_channel_names, &dt_model_channel_name); }
  std::vector<std::string> identities() const { return names(info().n_identities, &dt_model_identity_name); }
  std::vector<std::string> emotions() const { return names(info().n_emotions, &dt_model_emotion_name); }
  std::vector<std::string> profiles() const { return names(info().n_profiles, &dt_model_profile_name); }
  std::string backend_name() const { return check_text(dt_model_backend_name(handle())); }
  std::string precision() const { return check_text(dt_model_precision(handle())); }
  std::string opening_warnings() const { return check_text(dt_model_opening_warnings(handle())); }
  std::string motion_space() const { return check_text(dt_model_motion_space(handle())); }
  std::string metadata_json() const { return check_text(dt_model_metadata_json(handle())); }

  // Empty names are the bundle's defaults.
  Style style(const std::string& identity = "", const std::string& emotion = "") const {
    Style out(static_cast<size_t>(info().d_identity));
    check(dt_model_get_style(handle(), identity.empty() ? nullptr : identity.c_str(),
                             emotion.empty() ? nullptr : emotion.c_str(), out.data(), out.size()));
    return out;
  }
  Style blend(const std::vector<std::pair<Style, float>>& parts) const {
    Style out(static_cast<size_t>(info().d_identity));
    std::vector<dt_style_part> raw;
    for (const auto& [style, weight] : parts) {
      if (style.size() != out.size()) throw Error(DT_INVALID_ARGUMENT, "a style has the wrong length");
      raw.push_back({style.data(), weight});
    }
    check(dt_model_blend_styles(handle(), raw.data(), raw.size(), out.data(), out.size()));
    return out;
  }
  // Several moods at any strength, as dt_model_mix_emotions has them. An empty identity is the bundle's
  // default.
  Style mix(const Moods& moods, float strength = 1, const std::string& identity = "") const {
    Style out(static_cast<size_t>(info().d_identity));
    const std::vector<dt_emotion_part> parts = raw_parts(moods);
    check(dt_model_mix_emotions(handle(), identity.empty() ? nullptr : identity.c_str(), parts.data(),
                                parts.size(), strength, out.data(), out.size()));
    return out;
  }
  // An empty emotion: the mood of the reference speech.
  Style enroll(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz,
               const std::string& emotion = "") const {
    Style out(static_cast<size_t>(info().d_identity));
    check(dt_model_enroll(handle(), samples, n_frames, n_channels, sample_rate_hz,
                          emotion.empty() ? nullptr : emotion.c_str(), out.data(), out.size()));
    return out;
  }

  // Without moods: the mood of the reference speech, at this strength.
  Style enroll(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz, const Moods& moods,
               float strength) const {
    Style out(static_cast<size_t>(info().d_identity));
    const std::vector<dt_emotion_part> parts = raw_parts(moods);
    check(dt_model_enroll_emotions(handle(), samples, n_frames, n_channels, sample_rate_hz, parts.data(),
                                   parts.size(), strength, out.data(), out.size()));
    return out;
  }

 private:
  explicit Model(dt_model* handle) : handle_(handle) {}
  static std::vector<dt_emotion_part> raw_parts(const Moods& moods) {
    std::vector<dt_emotion_part> raw;
    for (const auto& [emotion, weight] : moods) raw.push_back({emotion.c_str(), weight});
    return raw;
  }
  std::vector<std::string> names(int32_t n, const char* (*name_of)(const dt_model*, int32_t)) const {
    std::vector<std::string> out;
    for (int32_t i = 0; i < n; ++i) out.push_back(check_text(name_of(handle(), i)));
    return out;
  }
  std::unique_ptr<dt_model, ReleaseModel> handle_;
};

struct Frames {
  int64_t first_frame = 0;
  size_t n_frames = 0;
  std::vector<float> weights;    // [n_frames, n_channels]
  std::vector<float> head_pose;  // [n_frames, 3] yaw, pitch, roll in radians; zeros for a model without one
  int64_t utterance = 0;         // that the frames belong to
};

// The pose of a moment.
struct Moment {
  double time_s = 0;             // earlier than asked for when the frames have not come: the newest is held
  std::vector<float> weights;    // [n_channels]
  std::vector<float> head_pose;  // [3]
};

struct Interruption {
  int64_t next_audio_frame = 0, utterance = 0;  // of the next pushed sample
};

// Threads: push, idle and flush belong to one thread at a time; a second one at the same moment gets DT_BUSY
// and changes nothing. They never compute and never wait. Everything else: any thread at any time. Only pull
// and frame_at compute; they take turns, and nothing else waits for them.
class Stream {
 public:
  explicit Stream(const Model& model, const dt_stream_options& options = stream_options())
      : n_channels_(static_cast<size_t>(model.info().n_channels)) {
    dt_stream* handle = nullptr;
    check(dt_stream_create(model.handle(), &options, &handle));
    handle_.reset(handle);
  }

  dt_stream* handle() const noexcept { return handle_.get(); }
  // False when the buffer is full: pull and push the same samples again. Other failures throw.
  bool push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz) {
    const dt_status status = dt_stream_push(handle(), samples, n_frames, n_channels, sample_rate_hz);
    if (status == DT_BUFFER_FULL) return false;
    check(status);
    return true;
  }
  // For one utterance. Throws Error(DT_STALE) when it is over.
  bool push(const float* samples, size_t n_frames, int n_channels, int sample_rate_hz, int64_t utterance) {
    const dt_status status =
        dt_stream_push_utterance(handle(), utterance, samples, n_frames, n_channels, sample_rate_hz);
    if (status == DT_BUFFER_FULL) return false;
    check(status);
    return true;
  }
  // Silence: to the end of the frame at hand, and n_frames of it.
  void idle(int64_t n_frames) { check(dt_stream_idle(handle(), n_frames)); }
  void flush() { check(dt_stream_flush(handle())); }
  void flush(int64_t utterance) { check(dt_stream_flush_utterance(handle(), utterance)); }
  // Without allocation: weights holds capacity_frames * n_channels() floats, head_pose is null or holds
  // capacity_frames * 3. Returns how many frames were written.
  size_t pull(float* weights, size_t capacity_frames, int64_t* first_frame, float* head_pose = nullptr) {
    size_t n = 0;
    check(dt_stream_pull_with_pose(handle(), weights, head_pose, capacity_frames, first_frame, &n));
    return n;
  }
  // What is ready, at most max_frames.
  Frames pull(size_t max_frames = SIZE_MAX) {
    Frames out;
    const auto ready = static_cast<size_t>(ready_frames());
    const size_t n_wanted = ready < max_frames ? ready : max_frames;
    out.weights.resize(n_wanted * n_channels_);
    out.head_pose.resize(n_wanted * 3);
    check(dt_stream_pull_utterance(handle(), out.weights.data(), out.head_pose.data(), n_wanted,
                                   &out.first_frame, &out.n_frames, &out.utterance));
    out.weights.resize(out.n_frames * n_channels_);
    out.head_pose.resize(out.n_frames * 3);
    return out;
  }
  // The pose of a moment, as dt_stream_frame_at has it.
  Moment frame_at(double time_s, int max_hops = -1) {
    Moment out;
    out.weights.resize(n_channels_);
    out.head_pose.resize(3);
    check(dt_stream_frame_at(handle(), time_s, max_hops, out.weights.data(), out.head_pose.data(),
                             &out.time_s));
    return out;
  }
  size_t n_channels() const noexcept { return n_channels_; }
  int64_t ready_frames() const {
    int64_t n = 0;
    check(dt_stream_ready_frames(handle(), &n));
    return n;
  }
  void reset() { check(dt_stream_reset(handle())); }
  void seek(int64_t frame) { check(dt_stream_seek(handle(), frame)); }
  // Returns the frame that the next pushed sample belongs to.
  int64_t interrupt(int ease_ms) {
    int64_t next = 0;
    check(dt_stream_interrupt(handle(), ease_ms, &next));
    return next;
  }
  // From the frame that the player shows; frames after it count as never shown.
  Interruption interrupt_at(int64_t shown_frame, int ease_ms) {
    Interruption out;
    check(dt_stream_interrupt_at(handle(), shown_frame, ease_ms, &out.next_audio_frame, &out.utterance));
    return out;
  }
  void pause(bool paused) { check(dt_stream_pause(handle(), paused ? 1 : 0)); }
  // style: of Model::style and the like, d_identity long.
  void set_style(const Style& style, int blend_ms) {
    check(dt_stream_set_style(handle(), style.data(), blend_ms));
  }
  // From a frame on.
  void set_style_at(const Style& style, int64_t frame, int blend_ms) {
    check(dt_stream_set_style_at(handle(), style.data(), frame, blend_ms));
  }
  // dials: of dials().  frame: -1 is the first one of a window that is not begun.
  void set_dials(const dt_dials& dials, int blend_ms, int64_t frame = -1) {
    check(dt_stream_set_dials(handle(), &dials, frame, blend_ms));
  }
  dt_stream_info info() const {
    auto info = sized<dt_stream_info>();
    check(dt_stream_get_info(handle(), &info));
    return info;
  }
  dt_stream_stats stats() const {
    auto stats = sized<dt_stream_stats>();
    check(dt_stream_get_stats(handle(), &stats));
    return stats;
  }

 private:
  std::unique_ptr<dt_stream, ReleaseStream> handle_;
  size_t n_channels_;
};

// Any thread.
class Scheduler {
 public:
  explicit Scheduler(const Model& model, const dt_scheduler_options& options = scheduler_options()) {
    dt_scheduler* handle = nullptr;
    check(dt_scheduler_create(model.handle(), &options, &handle));
    handle_.reset(handle);
  }

  dt_scheduler* handle() const noexcept { return handle_.get(); }
  void add(const Stream& stream) { check(dt_scheduler_add(handle(), stream.handle())); }
  void remove(const Stream& stream) { check(dt_scheduler_remove(handle(), stream.handle())); }
  // -1 is no limit.
  dt_step_info step(int64_t budget_us = -1, int32_t max_windows = -1) {
    auto info = sized<dt_step_info>();
    check(dt_scheduler_step(handle(), budget_us, max_windows, &info));
    return info;
  }
  dt_scheduler_stats stats() const {
    auto stats = sized<dt_scheduler_stats>();
    check(dt_scheduler_get_stats(handle(), &stats));
    return stats;
  }

 private:
  std::unique_ptr<dt_scheduler, ReleaseScheduler> handle_;
};

}  // namespace dtalk
#endif  // DT_DT_HPP
