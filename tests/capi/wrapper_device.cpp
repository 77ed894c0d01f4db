// The C++ wrapper of arrays and rigs on a device, here the host memory of the reference backend, against
// pulls and sums on the host. Usage: wrapper_device BUNDLE
#include <cmath>
#include <cstdio>
#include <dt/device.hpp>

#include "expect.hpp"

namespace {

dtalk::Stream heard(const dtalk::Model& model) {
  std::vector<float> audio(8000);
  for (size_t i = 0; i < audio.size(); ++i)
    audio[i] = 0.3f * std::sin(0.05f * static_cast<float>(i)) * std::sin(0.0007f * static_cast<float>(i));
  dtalk::Stream stream(model);
  EXPECT(stream.push(audio.data(), audio.size(), 1, 16000));
  stream.flush();
  return stream;
}

void check_rig(const dtalk::Model& model, const dtalk::DeviceArray& frames, size_t n_frames) {
  constexpr size_t kVertices = 4;
  const auto n_channels = static_cast<size_t>(model.info().n_channels);
  std::vector<float> neutral(kVertices * 3), deltas(n_channels * kVertices * 3);
  for (size_t i = 0; i < neutral.size(); ++i) neutral[i] = static_cast<float>(i);
  for (size_t i = 0; i < deltas.size(); ++i) deltas[i] = static_cast<float>(i % 7) - 3;
  const dtalk::Rig rig(model, neutral, deltas);
  const auto rows = static_cast<int64_t>(n_frames);
  dtalk::DeviceArray vertices(model, {rows, kVertices, 3});
  rig.pose(frames, n_frames, vertices);
  vertices.wait();
  for (size_t i = 0; i < n_frames * neutral.size(); ++i) {
    const size_t frame = i / neutral.size(), at = i % neutral.size();
    double expected = neutral[at];
    for (size_t c = 0; c < n_channels; ++c)
      expected +=
          static_cast<double>(frames.data()[frame * n_channels + c]) * deltas[c * neutral.size() + at];
    EXPECT(std::fabs(vertices.data()[i] - expected) < 1e-4);
  }
  deltas.pop_back();
  EXPECT(status_of([&] { dtalk::Rig(model, neutral, deltas); }) == DT_INVALID_ARGUMENT);
  EXPECT(status_of([&] { rig.pose(frames, n_frames + 1000, vertices); }) == DT_INVALID_ARGUMENT);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  dt_model_options options = dtalk::model_options();
  options.backend = "reference";
  const dtalk::Model model(argv[1], options);
  const int64_t n_channels = model.info().n_channels;
  dtalk::DeviceArray frames(model, {100, n_channels});
  EXPECT(frames.info().n_dims == 2 && frames.info().shape[1] == n_channels);
  EXPECT(status_of([&] { dtalk::DeviceArray(model, {0, 1}); }) == DT_INVALID_ARGUMENT);

  dtalk::Stream stream = heard(model), other = heard(model);
  const dtalk::Frames expected = stream.pull(100);
  int64_t first_frame = -1;
  const size_t n = dtalk::pull(other, frames, &first_frame);
  frames.wait();
  EXPECT(n > 0 && n == expected.n_frames && first_frame == expected.first_frame);
  for (size_t i = 0; i < expected.weights.size(); ++i) EXPECT(frames.data()[i] == expected.weights[i]);
  check_rig(model, frames, n);
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
