// An opened bundle on a backend. Immutable; shared by threads and by its streams.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audio/log_mel.h"
#include "core/backend.h"
#include "core/bundle.h"

namespace dt {

class Model {
 public:
  // backend: "auto" or a name. Compiles the networks for one stream of the default profile, so that faults
  // show here. Throws Error.
  static std::shared_ptr<Model> open(const ByteSource& source, const std::string& backend,
                                     BackendOptions options);

  // A model on a backend made elsewhere; the networks' bytes in the bundle are dropped.
  static std::shared_ptr<Model> create(Bundle bundle, std::unique_ptr<Backend> backend);

  const Manifest& manifest() const { return bundle_.manifest; }
  const std::string& json_text() const { return bundle_.json_text; }
  size_t d_identity() const { return bundle_.identities.cols; }
  // Embedding of an identity with an emotion, [d_identity]; null means the default one. Throws
  // DT_INVALID_ARGUMENT with the names there are.
  std::vector<float> style(const char* identity, const char* emotion) const;
  const MelSpec& mel_spec() const { return mel_spec_; }
  // The log-mel of silence, [n_mels].
  const std::vector<float>& silence() const { return silence_; }
  const char* backend_name() const { return backend_->name(); }
  std::unique_ptr<Session> make_session(const Profile& profile) const;

 private:
  Model(Bundle bundle, std::unique_ptr<Backend> backend);

  Bundle bundle_;  // without the bytes of the networks, which the backend has taken
  std::unique_ptr<Backend> backend_;
  MelSpec mel_spec_;
  std::vector<float> silence_;
};

}  // namespace dt
