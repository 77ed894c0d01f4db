// The operators that the interpreter has: those of the bundles' networks. Each is the ONNX operator of that
// name and throws dt::Error(DT_BAD_BUNDLE) for arguments that do not fit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/reference/op.h"

namespace dt::reference {

using OpTable = std::map<std::string, OpFunction>;

// By ONNX name, of the default domain. Built once; any thread.
const OpTable& op_table();

namespace ops {

// ops_arithmetic.cpp: of two tensors, with broadcasting.
std::vector<Tensor> add(const OpArgs& args);
std::vector<Tensor> sub(const OpArgs& args);
std::vector<Tensor> mul(const OpArgs& args);
std::vector<Tensor> div(const OpArgs& args);
std::vector<Tensor> pow(const OpArgs& args);

// ops_unary.cpp: of one element.
std::vector<Tensor> neg(const OpArgs& args);
std::vector<Tensor> sqrt(const OpArgs& args);
std::vector<Tensor> sin(const OpArgs& args);
std::vector<Tensor> cos(const OpArgs& args);
std::vector<Tensor> tanh(const OpArgs& args);
std::vector<Tensor> sigmoid(const OpArgs& args);
std::vector<Tensor> clip(const OpArgs& args);
std::vector<Tensor> cast(const OpArgs& args);

// ops_shape.cpp: axes renamed, reordered or repeated.
std::vector<Tensor> shape(const OpArgs& args);
std::vector<Tensor> reshape(const OpArgs& args);
std::vector<Tensor> squeeze(const OpArgs& args);
std::vector<Tensor> unsqueeze(const OpArgs& args);
std::vector<Tensor> transpose(const OpArgs& args);
std::vector<Tensor> expand(const OpArgs& args);

// ops_parts.cpp: parts taken, or put together.
std::vector<Tensor> slice(const OpArgs& args);
std::vector<Tensor> split(const OpArgs& args);
std::vector<Tensor> concat(const OpArgs& args);

// ops_matmul.cpp
std::vector<Tensor> matmul(const OpArgs& args);
std::vector<Tensor> gemm(const OpArgs& args);

// ops_conv.cpp
std::vector<Tensor> conv(const OpArgs& args);

// ops_norm.cpp
std::vector<Tensor> layer_norm(const OpArgs& args);
std::vector<Tensor> softmax(const OpArgs& args);

// ops_reduce.cpp
std::vector<Tensor> reduce_sum(const OpArgs& args);
std::vector<Tensor> reduce_mean(const OpArgs& args);
std::vector<Tensor> reduce_l2(const OpArgs& args);

}  // namespace ops
}  // namespace dt::reference
