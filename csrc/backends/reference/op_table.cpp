#include "backends/reference/ops.h"

namespace dt::reference {

const OpTable& op_table() {
  static const OpTable table{
      {"Add", ops::add},
      {"Sub", ops::sub},
      {"Mul", ops::mul},
      {"Div", ops::div},
      {"Pow", ops::pow},
      {"Neg", ops::neg},
      {"Sqrt", ops::sqrt},
      {"Sin", ops::sin},
      {"Cos", ops::cos},
      {"Tanh", ops::tanh},
      {"Sigmoid", ops::sigmoid},
      {"Clip", ops::clip},
      {"Cast", ops::cast},
      {"Shape", ops::shape},
      {"Reshape", ops::reshape},
      {"Squeeze", ops::squeeze},
      {"Unsqueeze", ops::unsqueeze},
      {"Transpose", ops::transpose},
      {"Expand", ops::expand},
      {"Slice", ops::slice},
      {"Split", ops::split},
      {"Concat", ops::concat},
      {"MatMul", ops::matmul},
      {"Gemm", ops::gemm},
      {"Conv", ops::conv},
      {"LayerNormalization", ops::layer_norm},
      {"Softmax", ops::softmax},
      {"ReduceSum", ops::reduce_sum},
      {"ReduceMean", ops::reduce_mean},
      {"ReduceL2", ops::reduce_l2},
  };
  return table;
}

}  // namespace dt::reference
