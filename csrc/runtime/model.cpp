#include "runtime/model.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.h"
#include "runtime/open_model.h"
#include "runtime/opening_log.h"
#include "runtime/registry.h"

namespace dt {
namespace {

MelSpec mel_spec_of(const AudioSpec& a) {
  return MelSpec{a.sample_rate_hz, a.n_mels,   a.window_length, a.hop_length,
                 a.n_fft,          a.f_min_hz, a.f_max_hz,      a.log_floor};
}

// Row of an all-silent signal, from the front end itself so that padding is bit-identical to pushed zeros.
Vector<float> silent_row(const std::shared_ptr<const LogMelTable>& table) {
  const MelSpec& spec = table->spec();
  LogMel front_end(table);
  const Vector<float> zeros(static_cast<size_t>(spec.window_length), 0.0f);
  Vector<float> mel;
  front_end.push(zeros.data(), zeros.size(), mel);
  mel.resize(static_cast<size_t>(spec.n_mels));
  return mel;
}

// A model with the log that its backend goes on using: the model goes first.
struct Opened {
  explicit Opened(const Log& own) : log(own) {}
  OpeningLog log;
  std::shared_ptr<Model> model;
};

void check_options(const BackendOptions& options) {
  const std::string& p = options.precision;
  std::vector<std::string> known = known_precisions();
  known.insert(known.begin(), "auto");
  if (std::find(known.begin(), known.end(), p) == known.end()) {
    throw Error(DT_INVALID_ARGUMENT, "unknown precision \"" + p + "\": there are " + in_words(known));
  }
  if (!(options.n_threads >= 1 && options.n_threads <= 256)) {
    throw Error(DT_INVALID_ARGUMENT,
                "n_threads is " + std::to_string(options.n_threads) + ", expected 1 to 256");
  }
  if (!(options.n_workers >= 1 && options.n_workers <= 256)) {
    throw Error(DT_INVALID_ARGUMENT,
                "n_workers is " + std::to_string(options.n_workers) + ", expected 1 to 256");
  }
}

}  // namespace

Model::Model(Bundle bundle, std::unique_ptr<Backend> backend, const BackendOptions& options)
    : bundle_(std::move(bundle)),
      backend_(std::move(backend)),
      precision_(options.precision),
      n_threads_(options.n_threads),
      n_workers_(options.n_workers),
      mel_table_(make_hooked<LogMelTable>(mel_spec_of(bundle_.manifest.audio))),
      silence_(silent_row(mel_table_)),
      sessions_(backend_.get()) {}

std::shared_ptr<Model> Model::create(Bundle bundle, std::unique_ptr<Backend> backend,
                                     const BackendOptions& options) {
  bundle.audio_encoder = std::string();
  bundle.conditioner = std::string();
  bundle.denoiser = std::string();
  bundle.style_encoder = std::string();
  return std::shared_ptr<Model>(new Model(std::move(bundle), std::move(backend), options));
}

std::shared_ptr<Model> Model::open(const ByteSource& source, const std::string& backend,
                                   BackendOptions options, const std::vector<std::string>& profiles) {
  check_options(options);
  const unsigned n_cores = std::thread::hardware_concurrency();  // 0: unknown
  if (n_cores > 0) options.n_threads = std::min(options.n_threads, static_cast<int>(n_cores));
  options.n_workers = std::min(options.n_workers, options.n_threads);
  const Bundle bundle = load_checked_bundle(source);
  const auto opened = std::make_shared<Opened>(options.log);
  options.log = opened->log.log();
  opened->model = open_on_first(candidates(backend, options.precision), bundle, options, profiles);
  Model& model = *opened->model;
  options.log.info("opened bundle \"" + model.manifest().name + "\" on backend " + model.backend_name());
  opened->log.end();
  model.opening_warnings_ = opened->log.warnings();
  return std::shared_ptr<Model>(opened, opened->model.get());
}

std::shared_ptr<const ResamplerTable> Model::resampler_table(int rate_in_hz) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Table& t : tables_) {
    if (t.rate_hz != rate_in_hz) continue;
    std::shared_ptr<const ResamplerTable> table = t.table.lock();
    if (table == nullptr) t.table = table = make_resampler_table(rate_in_hz, mel_spec().sample_rate_hz);
    return table;
  }
  std::shared_ptr<const ResamplerTable> table = make_resampler_table(rate_in_hz, mel_spec().sample_rate_hz);
  tables_.push_back({rate_in_hz, table});
  return table;
}

int64_t Model::lookahead_samples(const Profile& profile) const {
  const AudioSpec& audio = manifest().audio;
  const int64_t half_window = audio.window_length - audio.window_length / 2;
  return (manifest().mel_frames(profile.lookahead_frames) - 1) * audio.hop_length + half_window;
}

}  // namespace dt
