#include "core/safetensors.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "common/error.h"
#include "common/json_reader.h"

namespace dt {

// Layout: 8 bytes little-endian header length, JSON header, data; offsets count from the start of the data
// (https://huggingface.co/docs/safetensors).
Matrix read_safetensors_matrix(const std::string& bytes, const std::string& file, const std::string& tensor) {
  if (bytes.size() < 8) throw Error(DT_BAD_BUNDLE, file + " is too short for a safetensors file");
  uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | static_cast<uint8_t>(bytes[i]);
  if (header_bytes > bytes.size() - 8) {
    throw Error(DT_BAD_BUNDLE, file + " has a header that is longer than the file");
  }
  const size_t data_start = 8 + static_cast<size_t>(header_bytes);
  const size_t data_bytes = bytes.size() - data_start;
  const JsonDocument header(bytes.data() + 8, static_cast<size_t>(header_bytes), file);

  const JsonReader entry = header.root().at(tensor);
  if (entry.at("dtype").string() != "F32") entry.at("dtype").fail("is not \"F32\"");
  if (entry.at("shape").array_size() != 2) entry.at("shape").fail("is not of 2 dimensions");
  Matrix m;
  m.rows = static_cast<size_t>(entry.at("shape").at(0).integer(1, 1 << 20));
  m.cols = static_cast<size_t>(entry.at("shape").at(1).integer(1, 1 << 20));
  const JsonReader offsets = entry.at("data_offsets");
  if (offsets.array_size() != 2) offsets.fail("does not hold begin and end");
  const auto limit = static_cast<int64_t>(data_bytes);
  const int64_t first = offsets.at(0).integer(0, limit), last = offsets.at(1).integer(first, limit);
  // rows * cols * 4 is at most 2^42: no overflow.
  const auto need = static_cast<int64_t>(m.rows * m.cols * sizeof(float));
  if (last - first != need) {
    offsets.fail("spans " + std::to_string(last - first) + " bytes, the shape needs " + std::to_string(need));
  }
  m.data.resize(m.rows * m.cols);
  std::memcpy(m.data.data(), bytes.data() + data_start + first,
              static_cast<size_t>(need));  // hosts are little-endian
  for (const float value : m.data) {
    if (!std::isfinite(value)) entry.fail("holds a value that is not finite");
  }
  return m;
}

}  // namespace dt
