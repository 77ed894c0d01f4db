// An opened bundle: manifest and checked bytes of everything it names.
#pragma once

#include <string>

#include "core/byte_source.h"
#include "core/manifest.h"
#include "core/safetensors.h"

namespace dt {

struct Bundle {
  Manifest manifest;
  std::string json_text;  // bundle.json as it was read
  // ONNX bytes; style_encoder is empty where the bundle has none.
  std::string audio_encoder, conditioner, denoiser, style_encoder;
  // [n_identities * max(1, n_emotions), d_identity]: the rows of an identity's emotions follow each other.
  Matrix identities;

  // Row of an identity with an emotion; null means the default one. Throws DT_INVALID_ARGUMENT with the names
  // there are.
  size_t style_row(const char* identity, const char* emotion) const;
};

// bundle.json without the files that it lists.
struct BundleDescription {
  std::string json_text;  // as it was read
  Manifest manifest;
};

// Reads and checks bundle.json. Throws DT_BAD_BUNDLE or DT_FILE_ERROR, naming file and key.
BundleDescription read_description(const ByteSource& source);

// Size of a listed file, or of bundle.json, in bytes. Throws DT_BAD_BUNDLE for a name that is not listed.
size_t file_size(const BundleDescription& description, const std::string& name);

// A listed file after its size and SHA-256 were checked, or bundle.json. Throws DT_BAD_BUNDLE or
// DT_FILE_ERROR.
std::string read_file(const ByteSource& source, const BundleDescription& description,
                      const std::string& name);

// Reads bundle.json, then checks size and SHA-256 of every listed file before anything in them is parsed.
// Throws DT_BAD_BUNDLE or DT_FILE_ERROR, naming file and key.
Bundle load_bundle(const ByteSource& source);

}  // namespace dt
