#include "core/bundle.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/sha256.h"
#include "core/budget.h"

namespace dt {
namespace {

constexpr char kDescription[] = "bundle.json";

std::string read_checked(const ByteSource& source, const std::string& name, const FileEntry& entry) {
  // One byte more than expected tells a longer file without reading all of it.
  std::string bytes = source.read(name, static_cast<size_t>(entry.size_bytes) + 1);
  if (bytes.size() != static_cast<size_t>(entry.size_bytes)) {
    const bool longer = bytes.size() > static_cast<size_t>(entry.size_bytes);
    throw Error(DT_BAD_BUNDLE, "the bundle is damaged: " + source.describe(name) + " has " +
                                   (longer ? "more than the " : std::to_string(bytes.size()) + " of ") +
                                   std::to_string(entry.size_bytes) + " bytes; fetch the bundle again");
  }
  if (sha256_hex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) != entry.sha256) {
    throw Error(DT_BAD_BUNDLE, "the bundle is damaged: the SHA-256 of " + source.describe(name) +
                                   " is not the one in bundle.json; fetch the bundle again");
  }
  return bytes;
}

const FileEntry& entry_of(const BundleDescription& description, const std::string& name) {
  const auto it = description.manifest.files.find(name);
  if (it == description.manifest.files.end()) {
    throw Error(DT_BAD_BUNDLE, "bundle.json lists no file \"" + name + "\"");
  }
  return it->second;
}

// What a dimension of a tensor must be.
void expect(size_t actual, size_t expected, const std::string& tensor, const char* what, const char* reason) {
  if (actual == expected) return;
  throw Error(DT_BAD_BUNDLE, tensor + " has " + std::to_string(actual) + " " + what + ", " + reason +
                                 " has " + std::to_string(expected));
}

Matrix read_identities(const std::string& bytes, const Manifest& m) {
  const TensorView view =
      find_tensor(bytes, m.identities_file, m.identities_tensor, m.emotions.empty() ? 2 : 3);
  const std::string tensor = m.identities_file + ": " + m.identities_tensor;
  expect(view.shape[0], m.identities.size(), tensor, "rows", "identities.names");
  if (!m.emotions.empty()) expect(view.shape[1], m.emotions.size(), tensor, "columns", "identities.emotions");
  return read_rows(view, m.identities_file, m.identities_tensor);
}

// Only the shapes: the runtime gives offsets or coefficients, and their user applies the rig.
void check_rig(const std::string& bytes, const Manifest& m) {
  const std::string& file = m.rig_file;
  const auto n_channels = static_cast<size_t>(m.motion.n_channels());
  const TensorView shape = find_tensor(bytes, file, "template", 2);
  expect(shape.shape[1], 3, file + ": template", "columns", "a vertex");
  const size_t n_values = shape.size();
  if (m.motion.space == "vertices") {
    expect(n_values, n_channels, file + ": template", "numbers", "the motion");
  } else {
    const TensorView mean = find_tensor(bytes, file, "mean", 1), basis = find_tensor(bytes, file, "basis", 2);
    expect(mean.shape[0], n_values, file + ": mean", "numbers", "template");
    expect(basis.shape[0], n_channels, file + ": basis", "rows", "motion.channels");
    expect(basis.shape[1], n_values, file + ": basis", "columns", "template");
  }
}

}  // namespace

size_t Bundle::style_row(const char* identity, const char* emotion) const {
  const size_t n_emotions = std::max<size_t>(1, manifest.emotions.size());
  return manifest.identity_index(identity) * n_emotions + manifest.emotion_index(emotion);
}

BundleDescription read_description(const ByteSource& source) {
  BundleDescription description;
  description.json_text = source.read(kDescription, kManifestLimits.bytes + 1);
  description.manifest = parse_manifest(description.json_text);
  return description;
}

size_t file_size(const BundleDescription& description, const std::string& name) {
  return name == kDescription ? description.json_text.size()
                              : static_cast<size_t>(entry_of(description, name).size_bytes);
}

std::string read_file(const ByteSource& source, const BundleDescription& description,
                      const std::string& name) {
  return name == kDescription ? description.json_text
                              : read_checked(source, name, entry_of(description, name));
}

Bundle load_bundle(const ByteSource& source) {
  Bundle b;
  BundleDescription description = read_description(source);
  b.json_text = std::move(description.json_text);
  b.manifest = std::move(description.manifest);
  const Manifest& m = b.manifest;
  std::string identities;
  for (const auto& [name, entry] : m.files) {
    std::string bytes = read_checked(source, name, entry);
    // Not else-if: one file may serve several purposes.
    if (name == m.rig_file) check_rig(bytes, m);
    if (name == m.audio_encoder_file) b.audio_encoder = bytes;
    if (name == m.conditioner_file) b.conditioner = bytes;
    if (name == m.denoiser_file) b.denoiser = bytes;
    if (name == m.style_encoder_file) b.style_encoder = bytes;
    if (name == m.identities_file) identities = std::move(bytes);
  }
  b.identities = read_identities(identities, m);
  return b;
}

}  // namespace dt
