// dt.h, section "Stream".
#include <cmath>
#include <utility>

#include "api/guard.h"
#include "api/handles.h"

namespace {

// The embedding that the options ask for.
std::vector<float> style_of(const dt::Model& model, const dt_stream_options& options) {
  if (options.style == nullptr) return model.style(options.identity, options.emotion);
  if (options.emotion != nullptr) {
    throw dt::Error(DT_INVALID_ARGUMENT,
                    "style and emotion are both given: a style holds identity and emotion, leave one away");
  }
  std::vector<float> style(options.style, options.style + model.d_identity());
  for (const float value : style) {
    if (!std::isfinite(value)) throw dt::Error(DT_INVALID_ARGUMENT, "style holds a value that is not finite");
  }
  return style;
}

int checked(int32_t value, int32_t low, int32_t high, const char* name) {
  if (value < low || value > high) {
    throw dt::Error(DT_INVALID_ARGUMENT, std::string(name) + " is " + std::to_string(value) + ", expected " +
                                             std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

}  // namespace

extern "C" {

void dt_stream_options_default(dt_stream_options* options) {
  if (options == nullptr) return;
  *options = dt_stream_options{};
  options->struct_size = sizeof(dt_stream_options);
  options->max_buffered_ms = 30000;
  options->ease_out_frames = 5;
}

dt_status dt_stream_create(dt_model* model, const dt_stream_options* options, dt_stream** stream) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    *stream = nullptr;
    dt::require(model, "model");
    dt_stream_options defaults;
    dt_stream_options_default(&defaults);
    const dt_stream_options& given = options == nullptr ? defaults : *options;
    dt::require_struct(&given, "options");
    dt::StreamSettings settings;
    settings.style = style_of(*model->impl, given);
    settings.seed = given.seed;
    settings.profile = model->impl->manifest().profile(given.profile);
    settings.max_buffered_ms = checked(given.max_buffered_ms, 1000, 3600000, "max_buffered_ms");
    settings.ease_out_frames = checked(given.ease_out_frames, 0, dt::kMaxWindowFrames, "ease_out_frames");
    *stream = new dt_stream{dt::Stream(model->impl, std::move(settings))};
  });
}

void dt_stream_release(dt_stream* stream) { delete stream; }

dt_status dt_stream_push(dt_stream* stream, const float* samples, size_t n_frames, int32_t n_channels,
                         int32_t sample_rate_hz) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    if (n_frames > 0) dt::require(samples, "samples");
    stream->impl.push(samples, n_frames, n_channels, sample_rate_hz);
  });
}

dt_status dt_stream_pull(dt_stream* stream, float* weights, size_t capacity_frames, int64_t* first_frame,
                         size_t* n_frames) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    dt::require(first_frame, "first_frame");
    dt::require(n_frames, "n_frames");
    *n_frames = 0;
    if (capacity_frames > 0) dt::require(weights, "weights");
    *n_frames = stream->impl.pull(weights, capacity_frames, first_frame);
  });
}

dt_status dt_stream_ready_frames(const dt_stream* stream, int64_t* n_frames) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    dt::require(n_frames, "n_frames");
    *n_frames = stream->impl.ready_frames();
  });
}

dt_status dt_stream_flush(dt_stream* stream) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    stream->impl.flush();
  });
}

dt_status dt_stream_reset(dt_stream* stream) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    stream->impl.reset();
  });
}

dt_status dt_stream_get_stats(const dt_stream* stream, dt_stream_stats* stats) {
  return dt::guard([&] {
    dt::require(stream, "stream");
    dt::require_struct(stats, "stats");
    const dt::StreamStats& s = stream->impl.stats();
    stats->n_hops = s.n_hops;
    stats->n_frames = s.n_frames;
    stats->front_end_ns = s.front_end_ns;
    stats->encoder_ns = s.networks.encoder_ns;
    stats->denoiser_ns = s.networks.denoiser_ns;
    stats->update_ns = s.networks.update_ns + s.noise_ns;
    stats->post_ns = s.post_ns;
  });
}

}  // extern "C"
