// Reader of the part of the safetensors format that bundles use: float32 tensors of 1 to 3 dimensions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dt {

struct Matrix {
  size_t rows = 0, cols = 0;
  std::vector<float> data;  // row-major
};

// A tensor inside the bytes of a file, which must outlive it.
struct TensorView {
  std::vector<size_t> shape;
  const char* data = nullptr;  // little-endian float32, not aligned

  size_t size() const;
};

// Finds a float32 tensor of n_dims dimensions, 1 to 3; every offset is checked against the file.
// bytes: the whole file. file: its name, for messages. Throws DT_BAD_BUNDLE.
TensorView find_tensor(const std::string& bytes, const std::string& file, const std::string& tensor,
                       size_t n_dims);

// The same with its values: the last dimension makes the columns, those before it are counted through as
// rows. Throws DT_BAD_BUNDLE, also for a value that is not finite.
Matrix read_rows(const TensorView& view, const std::string& file, const std::string& tensor);

}  // namespace dt
