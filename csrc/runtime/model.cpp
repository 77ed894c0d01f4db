#include "runtime/model.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "common/error.h"
#include "runtime/registry.h"

namespace dt {
namespace {

MelSpec mel_spec_of(const AudioSpec& a) {
  return MelSpec{a.sample_rate_hz, a.n_mels,   a.window_length, a.hop_length,
                 a.n_fft,          a.f_min_hz, a.f_max_hz,      a.log_floor};
}

// "auto" takes OpenVINO where it runs; the fallback is announced, never silent.
std::unique_ptr<Backend> create_backend(const std::string& name, const Bundle& bundle,
                                        const BackendOptions& options) {
  if (name != "auto") return find_backend(name).create(bundle, options);
  try {
    return find_backend("openvino").create(bundle, options);
  } catch (const Error& e) {
    if (e.status() != DT_NO_BACKEND) throw;
    options.log.warning(std::string("using the slow reference backend: ") + e.what());
  }
  return find_backend("reference").create(bundle, options);
}

// Row of an all-silent signal, from the front end itself so that padding is bit-identical to pushed zeros.
std::vector<float> silent_row(const MelSpec& spec) {
  LogMel front_end(spec);
  const std::vector<float> zeros(static_cast<size_t>(spec.window_length), 0.0f);
  std::vector<float> mel;
  front_end.push(zeros.data(), zeros.size(), mel);
  mel.resize(static_cast<size_t>(spec.n_mels));
  return mel;
}

}  // namespace

Model::Model(Bundle bundle, std::unique_ptr<Backend> backend)
    : bundle_(std::move(bundle)),
      backend_(std::move(backend)),
      mel_spec_(mel_spec_of(bundle_.manifest.audio)),
      silence_(silent_row(mel_spec_)) {}

std::shared_ptr<Model> Model::create(Bundle bundle, std::unique_ptr<Backend> backend) {
  bundle.audio_encoder = std::string();
  bundle.denoiser = std::string();
  return std::shared_ptr<Model>(new Model(std::move(bundle), std::move(backend)));
}

std::shared_ptr<Model> Model::open(const ByteSource& source, const std::string& backend,
                                   BackendOptions options) {
  if (options.precision != "f32" && options.precision != "bf16") {
    throw Error(DT_INVALID_ARGUMENT,
                "unknown precision \"" + options.precision + "\": there are f32 and bf16");
  }
  if (!(options.n_threads >= 1 && options.n_threads <= 256)) {
    throw Error(DT_INVALID_ARGUMENT,
                "n_threads is " + std::to_string(options.n_threads) + ", expected 1 to 256");
  }
  const unsigned n_cores = std::thread::hardware_concurrency();  // 0: unknown
  if (n_cores > 0) options.n_threads = std::min(options.n_threads, static_cast<int>(n_cores));
  Bundle bundle = load_bundle(source);
  std::unique_ptr<Backend> created = create_backend(backend, bundle, options);
  const std::shared_ptr<Model> model = create(std::move(bundle), std::move(created));
  model->make_session(model->manifest().profile(nullptr));
  options.log.info("opened bundle \"" + model->manifest().name + "\" on backend " + model->backend_name());
  return model;
}

std::vector<float> Model::style(const char* identity, const char* emotion) const {
  const auto row = bundle_.identities.data.begin() +
                   static_cast<std::ptrdiff_t>(bundle_.style_row(identity, emotion) * d_identity());
  return {row, row + static_cast<std::ptrdiff_t>(d_identity())};
}

std::unique_ptr<Session> Model::make_session(const Profile& p) const {
  return backend_->make_session(1, static_cast<size_t>(p.window_frames()),
                                static_cast<size_t>(p.past_frames));
}

}  // namespace dt
