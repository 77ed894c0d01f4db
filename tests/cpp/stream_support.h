// Streams on the fake backend, and audio for them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fake_backend.h"
#include "runtime/stream.h"

namespace dt::test {

inline std::vector<float> sweep(size_t n, double rate_hz = 16000) {
  std::vector<float> audio(n);
  for (size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    audio[i] = static_cast<float>(0.3 * std::sin(6.28 * (200 + 900 * t) * t) * std::sin(9 * t));
  }
  return audio;
}

inline StreamSettings make_settings(const Model& model, const char* profile = nullptr) {
  StreamSettings settings;
  settings.style = {5, 6};
  settings.seed = 7;
  settings.profile = model.manifest().profile(profile);
  settings.max_buffered_ms = 30000;
  return settings;
}

inline Stream make_stream(Recorder* recorder, const char* profile = nullptr) {
  auto model = fake_model(recorder);
  return Stream(model, make_settings(*model, profile));
}

inline void pull_all(Stream& stream, std::vector<float>* out, size_t step = 1000) {
  std::vector<float> frames(step * 2);
  int64_t first = 0;
  while (const size_t n = stream.pull(frames.data(), step, &first)) {
    EXPECT_EQ(static_cast<size_t>(first), out->size() / 2);
    out->insert(out->end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(2 * n));
  }
}

inline std::vector<float> animate(Stream& stream, const std::vector<float>& audio, int rate_hz,
                                  size_t chunk) {
  std::vector<float> out;
  for (size_t i = 0; i < audio.size(); i += chunk) {
    stream.push(audio.data() + i, std::min(chunk, audio.size() - i), 1, rate_hz);
    if (i / chunk % 3 == 0) pull_all(stream, &out, 1 + i % 7);
  }
  stream.flush();
  pull_all(stream, &out);
  return out;
}

}  // namespace dt::test
