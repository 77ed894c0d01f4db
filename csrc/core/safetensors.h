// Reader of the part of the safetensors format that bundles use: float32 matrices.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dt {

struct Matrix {
  size_t rows = 0, cols = 0;
  std::vector<float> data;  // row-major
};

// Reads a 2-D float32 tensor; every offset is checked against the file.
// bytes: the whole file. file: its name, for messages. Throws DT_BAD_BUNDLE.
Matrix read_safetensors_matrix(const std::string& bytes, const std::string& file, const std::string& tensor);

}  // namespace dt
