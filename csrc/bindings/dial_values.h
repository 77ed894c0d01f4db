// A Python dict of dials as the struct of dt/dials.h, with what the struct points to.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <string>
#include <vector>

#include "bindings/module.h"

class DialValues {
 public:
  // values: names of dt_dials; channel_* float32 [n_channels], emotions a sequence of (name, weight). None
  // stays at the default. Raises TypeError for another name, ValueError for an array of another shape.
  DialValues(const pybind11::dict& values, int n_channels);
  DialValues(const DialValues&) = delete;
  const dt_dials* get() const { return &dials_; }

 private:
  bool set_number(const std::string& name, const pybind11::handle& value);
  bool set_channels(const std::string& name, const pybind11::handle& value, int n_channels);
  void set_emotions(const pybind11::handle& value);

  dt_dials dials_;
  std::array<FloatArray, 4> channels_;
  std::vector<std::string> names_;
  std::vector<dt_emotion_part> parts_;
};
