#include "core/bundle.h"

#include "common/error.h"
#include "common/sha256.h"

namespace dt {
namespace {

// A description of a few kilobytes; more is not one of ours and would only cost memory.
constexpr size_t kMaxManifestBytes = size_t{16} << 20;

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

}  // namespace

Bundle load_bundle(const ByteSource& source) {
  Bundle b;
  b.json_text = source.read("bundle.json", kMaxManifestBytes);
  b.manifest = parse_manifest(b.json_text);
  const Manifest& m = b.manifest;
  std::string identities;
  for (const auto& [name, entry] : m.files) {
    std::string bytes = read_checked(source, name, entry);
    // Not else-if: one file may serve two purposes.
    if (name == m.audio_encoder_file) b.audio_encoder = bytes;
    if (name == m.denoiser_file) b.denoiser = bytes;
    if (name == m.identities_file) identities = std::move(bytes);
  }
  b.identities = read_safetensors_matrix(identities, m.identities_file, m.identities_tensor);
  if (b.identities.rows != m.identities.size()) {
    throw Error(DT_BAD_BUNDLE, m.identities_file + ": " + m.identities_tensor + " has " +
                                   std::to_string(b.identities.rows) + " rows, identities.names has " +
                                   std::to_string(m.identities.size()));
  }
  return b;
}

}  // namespace dt
