// MatMul (with batch broadcasting) and Gemm.
#include <utility>

#include "backends/reference/broadcast.h"
#include "backends/reference/gemm.h"
#include "backends/reference/ops.h"

namespace dt::reference::ops {

// NumPy's rule: a vector becomes a matrix of one row (left)
// or one column (right), and loses that axis afterwards.
std::vector<Tensor> matmul(const OpArgs& args) {
  const Tensor &a = args.float_input(0), &b = args.float_input(1);
  args.require(a.rank() >= 1 && b.rank() >= 1, "its inputs must not be scalars");
  Shape shape_a = a.shape, shape_b = b.shape;
  if (a.rank() == 1) shape_a.insert(shape_a.begin(), 1);
  if (b.rank() == 1) shape_b.push_back(1);
  const int64_t m = shape_a.end()[-2], k = shape_a.end()[-1], n = shape_b.end()[-1];
  args.require(shape_b.end()[-2] == k,
               to_string(a.shape) + " times " + to_string(b.shape) + " is not possible");
  const Shape batch_a(shape_a.begin(), shape_a.end() - 2), batch_b(shape_b.begin(), shape_b.end() - 2);
  const Shape batch = broadcast(batch_a, batch_b);
  Shape shape = batch;
  if (a.rank() > 1) shape.push_back(m);
  if (b.rank() > 1) shape.push_back(n);
  args.count_products(m, n, k, n_elements(batch));
  if (args.wants_outline(shape)) return one(Tensor::outline(DType::kFloat, std::move(shape)));
  Tensor out = Tensor::zeros(DType::kFloat, std::move(shape));
  GemmWorkspace workspace;
  if (n_elements(batch_b) == 1 && batch_b.size() <= batch_a.size()) {
    // One right-hand matrix (a linear layer): all rows of the left side in one product.
    reference::gemm(n_elements(batch_a) * m, n, k, {a.floats.data(), k, 1}, {b.floats.data(), n, 1},
                    out.floats.data(), workspace);
    return one(std::move(out));
  }
  // Strides count matrices here, not elements.
  for_each_row<2>(batch, {broadcast_strides(batch_a, batch), broadcast_strides(batch_b, batch)},
                  [&](const auto& offsets, const auto& steps, int64_t at, int64_t count) {
                    for (int64_t i = 0; i < count; ++i) {
                      reference::gemm(m, n, k, {a.floats.data() + (offsets[0] + i * steps[0]) * m * k, k, 1},
                                      {b.floats.data() + (offsets[1] + i * steps[1]) * k * n, n, 1},
                                      out.floats.data() + (at + i) * m * n, workspace);
                    }
                  });
  return one(std::move(out));
}

// alpha * op(A) op(B) + beta * C, op: transposition when asked for.
std::vector<Tensor> gemm(const OpArgs& args) {
  const Tensor &a = args.float_input(0), &b = args.float_input(1);
  args.require(a.rank() == 2 && b.rank() == 2, "its inputs must be matrices");
  const bool transpose_a = args.int_attribute("transA", 0) != 0,
             transpose_b = args.int_attribute("transB", 0) != 0;
  const int64_t m = a.shape[transpose_a ? 1 : 0], k = a.shape[transpose_a ? 0 : 1],
                n = b.shape[transpose_b ? 0 : 1];
  args.require(b.shape[transpose_b ? 1 : 0] == k,
               to_string(a.shape) + " and " + to_string(b.shape) + " do not fit");
  args.require(!args.has(2) || broadcast(args.float_input(2).shape, {m, n}) == Shape({m, n}),
               "C does not fit " + to_string({m, n}));
  args.count_products(m, n, k, 1);
  if (args.wants_outline({m, n})) return one(Tensor::outline(DType::kFloat, {m, n}));
  Tensor out = Tensor::zeros(DType::kFloat, {m, n});
  GemmWorkspace workspace;
  const MatrixView view_a{a.floats.data(), transpose_a ? 1 : k, transpose_a ? m : 1};
  const MatrixView view_b{b.floats.data(), transpose_b ? 1 : n, transpose_b ? k : 1};
  reference::gemm(m, n, k, view_a, view_b, out.floats.data(), workspace);
  const float alpha = args.float_attribute("alpha", 1.0f), beta = args.float_attribute("beta", 1.0f);
  if (alpha != 1.0f) {
    for (float& v : out.floats) v *= alpha;
  }
  if (!args.has(2)) return one(std::move(out));
  const Tensor& c = args.float_input(2);
  Tensor sum = Tensor::zeros(DType::kFloat, out.shape);
  broadcast_apply(out.shape, out.floats, c.shape, c.floats, out.shape, sum.floats,
                  [beta](float x, float y) { return x + beta * y; });
  return one(std::move(sum));
}

}  // namespace dt::reference::ops
