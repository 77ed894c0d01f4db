// The Python class Stream; Scheduler needs its handle.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "bindings/module.h"
#include "bindings/native_device.h"
#include "bindings/native_model.h"

// options: keyword arguments, names and values of dt_stream_options; dials is a dict of those of dt_dials.
class NativeStream {
 public:
  NativeStream(const NativeModel& model, const pybind11::kwargs& options);

  dt_stream* handle() const { return handle_.get(); }
  // utterance: that the audio is of; none: the one at hand.
  void push(const FloatArray& samples, int sample_rate_hz, std::optional<int64_t> utterance);
  void idle(int64_t n_frames);
  std::tuple<int64_t, pybind11::array_t<float>> pull(std::optional<size_t> capacity);
  std::tuple<int64_t, pybind11::array_t<float>, pybind11::array_t<float>> pull_with_pose(
      std::optional<size_t> capacity);
  // As pull_with_pose, with the utterance of the frames at the end.
  std::tuple<int64_t, pybind11::array_t<float>, pybind11::array_t<float>, int64_t> pull_utterance(
      std::optional<size_t> capacity);
  std::tuple<int64_t, size_t> pull_device(const NativeDeviceArray& array);
  std::tuple<int64_t, size_t, pybind11::array_t<float>> pull_device_with_pose(const NativeDeviceArray& array);
  std::tuple<double, pybind11::array_t<float>, pybind11::array_t<float>> frame_at(double time_s,
                                                                                  int max_hops);
  int64_t ready_frames() const;
  void flush(std::optional<int64_t> utterance);
  void reset();
  void seek(int64_t frame);
  // Returns the frame and the utterance that the next audio belongs to.
  std::tuple<int64_t, int64_t> interrupt(int ease_ms, std::optional<int64_t> shown_frame);
  void pause(bool paused);
  // frame: the first that differs; none: from the first window on that is not begun.
  void set_style(const FloatArray& style, int blend_ms, std::optional<int64_t> frame);
  void set_dials(const pybind11::dict& dials, int blend_ms, std::optional<int64_t> frame);
  pybind11::dict info() const;
  pybind11::dict stats() const;

 private:
  struct Release {
    void operator()(dt_stream* stream) const { dt_stream_release(stream); }
  };
  std::unique_ptr<dt_stream, Release> handle_;
  int n_channels_, d_identity_;
};
