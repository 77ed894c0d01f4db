#include "core/manifest.h"

#include <algorithm>

#include "common/error.h"
#include "common/json_reader.h"
#include "core/budget.h"
#include "core/manifest_sections.h"

namespace dt {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

size_t index_of(const std::string& wanted, const std::vector<std::string>& names, const std::string& what) {
  const auto it = std::find(names.begin(), names.end(), wanted);
  if (it == names.end()) {
    throw Error(DT_INVALID_ARGUMENT,
                "unknown " + what + " \"" + wanted + "\": the bundle has " + join(names));
  }
  return static_cast<size_t>(it - names.begin());
}

// The version comes first: another format may have changed everything else.
void check_format(const JsonReader& root) {
  if (root.at("format").string() != "diffusiontalker-bundle") {
    root.at("format").fail("is not \"diffusiontalker-bundle\"");
  }
  const int64_t version = root.at("format_version").integer(1, INT64_MAX);
  if (version > kBundleFormatVersion) {
    throw Error(DT_BAD_BUNDLE, "bundle.json is of format version " + std::to_string(version) +
                                   ", this library reads " + std::to_string(kBundleFormatVersion) +
                                   ": update diffusiontalker");
  }
  if (version < kBundleFormatVersion) {
    throw Error(DT_BAD_BUNDLE,
                "bundle.json is of format version " + std::to_string(version) +
                    ", made by an earlier version of diffusiontalker, and this library reads " +
                    std::to_string(kBundleFormatVersion) + ": export the model again");
  }
}

// Every file that a section names has an entry with its hash.
void check_references(const JsonReader& root, const Manifest& m) {
  for (const std::string& file : {m.audio_encoder_file, m.conditioner_file, m.denoiser_file,
                                  m.style_encoder_file, m.identities_file, m.rig_file}) {
    if (!file.empty() && m.files.count(file) == 0) root.at("files").fail("has no entry for \"" + file + "\"");
  }
}

}  // namespace

const Profile& Manifest::profile(const char* name) const {
  const std::string wanted = name == nullptr ? default_profile : name;
  std::vector<std::string> names;
  for (const Profile& p : profiles) {
    if (p.name == wanted) return p;
    names.push_back(p.name);
  }
  throw Error(DT_INVALID_ARGUMENT, "unknown profile \"" + wanted + "\": the bundle has " + join(names));
}

size_t Manifest::identity_index(const char* name) const {
  return index_of(name == nullptr ? default_identity : name, identities, "identity");
}

size_t Manifest::emotion_index(const char* name) const {
  if (emotions.empty() && name == nullptr) return 0;
  if (emotions.empty()) {
    throw Error(DT_INVALID_ARGUMENT, "the model has no emotions, but the emotion \"" + std::string(name) +
                                         "\" is asked for: leave it away, or open a bundle with emotions");
  }
  return index_of(name == nullptr ? default_emotion : name, emotions, "emotion");
}

size_t Manifest::neutral_index() const {
  const bool has_neutral = std::find(emotions.begin(), emotions.end(), "neutral") != emotions.end();
  return emotion_index(has_neutral ? "neutral" : nullptr);
}

Manifest parse_manifest(const std::string& text) {
  const JsonDocument document(text.data(), text.size(), "bundle.json", kManifestLimits);
  const JsonReader root = document.root();
  check_format(root);
  Manifest m;
  m.name = root.at("name").string();
  m.version = root.at("version").string();
  m.license = root.at("license").string();
  root.at("provenance").object_keys();
  m.motion = parse_motion(root.at("motion"));
  m.audio = parse_audio(root.at("audio"), m.motion);
  parse_networks(root.at("networks"), &m);
  m.steps = parse_sampler(root.at("sampler"));
  m.profiles = parse_profiles(root.at("profiles"), m.audio);
  m.default_profile = root.at("default_profile").string();
  const bool known = std::any_of(m.profiles.begin(), m.profiles.end(),
                                 [&](const Profile& p) { return p.name == m.default_profile; });
  if (!known) root.at("default_profile").fail("names no profile: \"" + m.default_profile + "\"");
  parse_identities(root.at("identities"), &m);
  if (root.has("rig")) parse_rig(root.at("rig"), &m);
  m.files = parse_files(root.at("files"));
  check_references(root, m);
  check_budget(m);
  return m;
}

}  // namespace dt
