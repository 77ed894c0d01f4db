// TensorProto to Tensor.
#pragma once

#include <string>

#include "backends/reference/onnx_model.h"
#include "backends/reference/proto_reader.h"
#include "backends/reference/tensor.h"

namespace dt::reference {

// DType that holds a TensorProto.DataType; throws
// dt::Error(DT_BAD_BUNDLE) for strings, complex and unknown types.
DType dtype_of_onnx(int64_t data_type);

// The tensor and, in `name`, its name (which may be NULL). weights: kOutline leaves the values of large
// tensors out.
Tensor parse_onnx_tensor(ProtoReader message, std::string* name, Weights weights);

}  // namespace dt::reference
