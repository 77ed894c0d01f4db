#include "core/safetensors.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "common/error.h"
#include "common/json_reader.h"
#include "core/budget.h"

namespace dt {

size_t TensorView::size() const {
  size_t n = 1;
  for (const size_t dim : shape) n *= dim;
  return n;
}

// Layout: 8 bytes little-endian header length, JSON header, data; offsets count from the start of the data
// (https://huggingface.co/docs/safetensors).
TensorView find_tensor(const std::string& bytes, const std::string& file, const std::string& tensor,
                       size_t n_dims) {
  if (bytes.size() < 8) throw Error(DT_BAD_BUNDLE, file + " is too short for a safetensors file");
  uint64_t header_bytes = 0;
  for (int i = 7; i >= 0; --i) header_bytes = header_bytes << 8 | static_cast<uint8_t>(bytes[i]);
  if (header_bytes > bytes.size() - 8) {
    throw Error(DT_BAD_BUNDLE, file + " has a header that is longer than the file");
  }
  const size_t data_start = 8 + static_cast<size_t>(header_bytes);
  const JsonDocument header(bytes.data() + 8, static_cast<size_t>(header_bytes), file, kTensorHeaderLimits);

  const JsonReader entry = header.root().at(tensor);
  if (entry.at("dtype").string() != "F32") entry.at("dtype").fail("is not \"F32\"");
  const JsonReader shape = entry.at("shape");
  if (shape.array_size() != n_dims) shape.fail("is not of " + std::to_string(n_dims) + " dimensions");
  TensorView view;
  for (size_t i = 0; i < n_dims; ++i) {
    view.shape.push_back(static_cast<size_t>(shape.at(i).integer(1, 1 << 20)));
  }
  const JsonReader offsets = entry.at("data_offsets");
  if (offsets.array_size() != 2) offsets.fail("does not hold begin and end");
  const auto limit = static_cast<int64_t>(bytes.size() - data_start);
  const int64_t first = offsets.at(0).integer(0, limit), last = offsets.at(1).integer(first, limit);
  // In 64 bits: three dimensions of 2^20 and 4 bytes are 2^62 at most, which a 32-bit size_t would wrap.
  int64_t need = sizeof(float);
  for (const size_t dim : view.shape) need *= static_cast<int64_t>(dim);
  if (last - first != need) {
    offsets.fail("spans " + std::to_string(last - first) + " bytes, the shape needs " + std::to_string(need));
  }
  view.data = bytes.data() + data_start + first;
  return view;
}

Matrix read_rows(const TensorView& view, const std::string& file, const std::string& tensor) {
  Matrix m;
  m.cols = view.shape.back();
  m.rows = view.size() / m.cols;
  m.data.resize(view.size());
  std::memcpy(m.data.data(), view.data, m.data.size() * sizeof(float));  // hosts are little-endian
  for (const float value : m.data) {
    if (!std::isfinite(value)) {
      throw Error(DT_BAD_BUNDLE, file + ": " + tensor + " holds a value that is not finite");
    }
  }
  return m;
}

}  // namespace dt
