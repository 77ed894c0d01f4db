// The exchange format of arrays between libraries, version 0.8 (https://dmlc.github.io/dlpack, "C API"): the
// layout only, which is fixed for ever.
#pragma once

#include <cstdint>

namespace dlpack {

struct Device {
  int32_t type, number;
};

struct DataType {
  uint8_t code, bits;  // code 2: float
  uint16_t lanes;
};

struct Tensor {
  void* data;
  Device device;
  int32_t n_dims;
  DataType type;
  int64_t *shape, *strides;  // strides null: dense, last dimension innermost
  uint64_t byte_offset;
};

// Travels in a capsule called "dltensor"; whoever takes it renames that to "used_dltensor" and calls the
// deleter once.
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor* self);
};

}  // namespace dlpack
