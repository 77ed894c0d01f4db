// The audio front door: rates, chunks, channels, options of streams, and sounds of every kind; resampler,
// log-mel, enrol.
#include <cmath>
#include <vector>

#include "input.h"
#include "tiny_model.h"

namespace {

// Opened at the first input, when everything static is there.
dt_model* model() {
  static dt_model* const opened = dt::fuzz::open_tiny();
  return opened;
}
constexpr size_t kChannels = 2, kStyle = 2;

int32_t rate(dt::fuzz::Input& in) {
  static const int32_t kOdd[] = {1000,      768000,    16000, 44100, 48000, 8000,   1001,
                                 767999,    15999,     16001, 22050, 999,   768001, 0,
                                 INT32_MAX, INT32_MIN, 11025, 96000, 15991, -1};
  const uint8_t kind = in.u8();
  return kind < 200 ? kOdd[kind % 20] : static_cast<int32_t>(in.u32() % 800000);
}

std::vector<float> sound(dt::fuzz::Input& in, size_t n, uint8_t kind) {
  std::vector<float> samples(n);
  for (size_t i = 0; i < n; ++i) {
    const auto noise = static_cast<float>(static_cast<int>((i * 2654435761u) >> 24 & 255) - 128) / 128;
    samples[i] = kind < 100   ? std::sin(static_cast<float>(i) * kind)
                 : kind < 110 ? 1e30f
                 : kind < 120 ? 3e38f
                 : kind < 130 ? 1e-42f
                 : kind < 250 ? noise
                              : in.real();
  }
  return samples;
}

// Until nothing comes any more, `most` times.
void pull(dt_stream* stream, int most) {
  std::vector<float> weights(kChannels * 64);
  int64_t first = 0;
  size_t n = 1;
  for (int i = 0; i < most && n > 0; ++i) {
    if (dt_stream_pull(stream, weights.data(), 64, &first, &n) != DT_OK) return;
    dt::fuzz::expect_finite(weights.data(), n * kChannels, "a frame that is not finite");
  }
}

dt_stream* any_stream(dt::fuzz::Input& in) {
  dt_stream_options o;
  dt_stream_options_default(&o);
  o.sample_rate_hz = in.u8() % 2 != 0 ? rate(in) : 0;
  o.offset_ms = static_cast<int32_t>(in.u16() % 1002) - 501;
  o.smoothing_ms = in.u8() % 2 != 0 ? in.u16() % 1002 : 0;
  o.silence_gate = in.u8() % 2;
  o.max_buffered_ms = 100 + in.u16() % 4000;
  o.ease_out_frames = in.u16() % 302;
  o.lip_seal = in.u8() % 2;
  if (in.u8() % 2 != 0) {
    o.gate_open_dbfs = in.real(), o.gate_close_dbfs = in.real();
    o.gate_hold_ms = in.u16(), o.gate_ease_ms = in.u16();
  }
  dt_stream* stream = nullptr;
  dt_stream_create(model(), &o, &stream);
  return stream;
}

void play(dt::fuzz::Input& in, dt_stream* stream) {
  int32_t hz = rate(in);
  const int32_t n_channels = in.u8() % 8 != 0 ? 1 : static_cast<int32_t>(in.u8()) - 2;
  for (int turn = 0; turn < 20 && in.left() > 0; ++turn) {
    const size_t n = in.u16() % 6000;
    const uint8_t kind = in.u8();
    const std::vector<float> samples =
        sound(in, n * static_cast<size_t>(n_channels > 0 ? n_channels : 1), kind);
    dt_stream_push(stream, samples.data(), n, n_channels, hz);
    if (kind % 2 != 0) pull(stream, 1);
    if (kind == 7) dt_stream_flush(stream);
    if (kind == 9) dt_stream_reset(stream);
    if (kind == 11) hz = rate(in);
  }
  dt_stream_flush(stream);
  pull(stream, 4);
}

void tools(dt::fuzz::Input& in) {
  const int32_t from = rate(in), to = rate(in);
  std::vector<float> samples(in.u8());
  for (float& x : samples) x = in.real();
  std::vector<float> out(in.u16());
  size_t n = 0;
  if (dt_resample(samples.data(), samples.size(), from, to, out.data(), out.size(), &n) == DT_OK &&
      n > out.size()) {
    dt::fuzz::fault("more samples than there is room for");
  }
  std::vector<float> mel(80 * 16), style(kStyle), speech(in.u16(), 0.1f);
  dt_model_log_mel(model(), samples.data(), samples.size(), mel.data(), 16, &n);
  if (dt_model_enroll(model(), speech.data(), speech.size(), 1, from, nullptr, style.data(), kStyle) ==
      DT_OK) {
    dt::fuzz::expect_finite(style.data(), kStyle, "a style that is not finite");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dt::fuzz::Input in(data, size);
  dt_stream* const stream = any_stream(in);
  if (stream != nullptr) play(in, stream);
  dt_stream_release(stream);
  tools(in);
  return 0;
}
