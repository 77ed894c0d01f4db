// An opened bundle on a backend. Immutable from outside; shared by threads and by its streams.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "audio/log_mel.h"
#include "audio/resampler.h"
#include "common/allocator.h"
#include "core/backend.h"
#include "core/bundle.h"
#include "runtime/session_pool.h"

namespace dt {

// What the sampler's steps need to know of a style.
struct Condition {
  Vector<float> style;   // [d_identity]
  Vector<float> values;  // Backend::condition_size()
};

// An emotion of a mixture; 1 is all of it.
struct EmotionPart {
  const char* emotion;
  double weight;
};

class Model {
 public:
  // backend: "auto" or a name. profiles: names, to be prepared. Compiles the networks, as open_on_first()
  // says, so that faults show here. options.log is called until this returns, never after. Throws Error.
  static std::shared_ptr<Model> open(const ByteSource& source, const std::string& backend,
                                     BackendOptions options, const std::vector<std::string>& profiles = {});

  // A model on a backend made elsewhere; the networks' bytes in the bundle are dropped.
  static std::shared_ptr<Model> create(Bundle bundle, std::unique_ptr<Backend> backend,
                                       const BackendOptions& options = {});

  const Manifest& manifest() const { return bundle_.manifest; }
  const std::string& json_text() const { return bundle_.json_text; }
  const char* backend_name() const { return backend_->name(); }
  const std::string& precision() const { return precision_; }
  // Of open(), a line each; empty for a model of create().
  const std::string& opening_warnings() const { return opening_warnings_; }
  int n_threads() const { return n_threads_; }
  int n_workers() const { return n_workers_; }

  size_t d_identity() const { return bundle_.identities.cols; }
  // Embedding of an identity with an emotion, [d_identity]; null means the default one. Throws
  // DT_INVALID_ARGUMENT with the names there are.
  Vector<float> style(const char* identity, const char* emotion) const;
  // neutral + strength * sum of weight * (emotion - neutral), of an identity; without parts the default
  // emotion. Throws DT_INVALID_ARGUMENT: an unknown name, a model without emotions.
  Vector<float> mixed_style(const char* identity, const EmotionPart* parts, size_t n_parts,
                            double strength) const;
  // The condition of a style; one object for all that use the style at the same time.
  std::shared_ptr<const Condition> condition(const Vector<float>& style) const;
  // The same into a buffer. style: [d_identity].  out: [condition_size()].
  void condition(const float* style, float* out) const { backend_->condition(style, out); }
  size_t condition_size() const { return backend_->condition_size(); }
  bool can_enroll() const { return !manifest().style_encoder_file.empty(); }
  // Throws DT_UNSUPPORTED unless can_enroll().
  void require_enrollment() const;
  // Style of the speaker of mono audio at mel_spec().sample_rate_hz, mixed as by mixed_style; without parts
  // the emotion that is heard. Throws DT_UNSUPPORTED, DT_INVALID_ARGUMENT.
  Vector<float> enroll(const Vector<float>& audio, const EmotionPart* parts, size_t n_parts,
                       double strength) const;

  const MelSpec& mel_spec() const { return mel_table_->spec(); }
  const std::shared_ptr<const LogMelTable>& mel_table() const { return mel_table_; }
  // The log-mel of silence, [n_mels].
  const Vector<float>& silence() const { return silence_; }
  // Shared by the streams that are pushed at this rate. Throws DT_INVALID_ARGUMENT for a rate out of range.
  std::shared_ptr<const ResamplerTable> resampler_table(int rate_in_hz) const;

  // Null where the backend has none.
  Device* device() const { return backend_->device(); }
  SessionPool& sessions() const { return sessions_; }
  static SessionShape shape(const Profile& profile, size_t batch) {
    return {batch,
            {static_cast<size_t>(profile.window_frames()), static_cast<size_t>(profile.past_frames),
             static_cast<size_t>(profile.hop_frames)}};
  }
  // Future samples that the last frame of a hop waits for: the last mel frame of the lookahead is centred one
  // mel hop before its end and reaches half a window further.
  int64_t lookahead_samples(const Profile& profile) const;

 private:
  Model(Bundle bundle, std::unique_ptr<Backend> backend, const BackendOptions& options);
  // rows: [n_emotions, d_identity] of one speaker.  other: a style to be used in place of the parts, or null.
  Vector<float> mix(const float* rows, const EmotionPart* parts, size_t n_parts, const float* other,
                    double strength) const;

  Bundle bundle_;  // without the bytes of the networks, which the backend has taken
  std::unique_ptr<Backend> backend_;
  std::string precision_, opening_warnings_;
  int n_threads_, n_workers_;
  std::shared_ptr<const LogMelTable> mel_table_;
  Vector<float> silence_;
  mutable SessionPool sessions_;

  struct Table {
    int rate_hz;
    std::weak_ptr<const ResamplerTable> table;
  };
  mutable std::mutex mutex_;  // of what is shared below
  mutable Vector<std::weak_ptr<const Condition>> conditions_;
  mutable Vector<Table> tables_;
};

}  // namespace dt
