// The state of lower(): views of the values so far, and the steps that compute them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/lower.h"

namespace dt::cpu {

class Lowering {
 public:
  Lowering(const OnnxGraph& onnx, const Weights& weights, const Kernels& kernels, const PlanRequest& request);
  LoweredNetwork run();

 private:
  // Buffers and views (lowering.cpp).
  int add_buffer(int64_t floats, int64_t rows = 0, int64_t pitch = 0);
  View dense(const Shape& shape);
  View dense_like(const View& like);  // with its order of axes
  View constant(const Tensor& tensor);
  int table(std::vector<float> values);
  const View& view(int v);
  View float_view(int v);
  void define(int v, View view);
  View copied(const View& from);           // dense
  View with_dense_rows(const View& from);  // the last axis without gaps
  // Whether rows of the view, [streams, rows, n], are rows of its buffer.
  bool is_row_buffer(const View& view) const;

  // Steps (lowering.cpp).
  PlanStep row_step(const Shape& shape);
  PlanStep::Read read(const View& view, const PlanStep& step, int64_t before = 0, int64_t after = 0) const;
  static PlanStep::Read read_all(const View& view) { return {view.buffer, 0, 0, true}; }
  void elementwise(
      const View& out, const std::vector<View>& in,
      std::function<void(const float* const* in, const ptrdiff_t* steps, float* out, int64_t n)> f);

  // Parts (lower_parts.cpp, lower_conv.cpp, lower_attention.cpp).
  void lower_part(const Part& part);
  void lower_linear(const Part& part);
  void emit_linear(const LinearPart& part, const View& a, const View& out, int64_t first_column);
  void lower_norm(const Part& part);
  void lower_conv(const Part& part);
  void emit_depthwise(const ConvPart& part, const View& a, const View& out);
  View padded(const View& a, int64_t before, int64_t after);
  void lower_attention(const Part& part);
  void emit_rotary(const AttentionPart& part, const View& query);
  struct KeyValueBuffers {
    int keys, values;
  };
  KeyValueBuffers emit_key_value(const AttentionPart& part, const View& key, const View& value);
  void lower_element(const Part& part);
  const float* row_of(int v) const;  // constant floats

  // Nodes (lower_nodes.cpp).
  void lower_node(const GraphNode& node);
  bool lower_as_view(const GraphNode& node);
  bool lower_slice(const GraphNode& node);
  bool lower_split(const GraphNode& node);
  bool lower_function(const GraphNode& node);
  bool lower_arithmetic(const GraphNode& node);
  bool lower_concat(const GraphNode& node);
  void interpret(const GraphNode& node);

  const OnnxGraph& onnx_;
  const Weights& weights_;
  const Kernels& kernels_;
  const PlanRequest& request_;
  LoweredNetwork result_;
  std::vector<PlanBuffer> buffers_;
  std::vector<PlanStep> steps_;
  std::vector<View> views_;   // by value; buffer -1: none yet
  std::vector<int64_t> cut_;  // by value: columns after which a product is put into a second buffer; 0: never
  std::vector<View> second_views_;  // the second part
  int64_t scratch_floats_ = 0;
};

// Calls f for the rows of a task: a part of a stream, streams with all rows of the range, a part of a stream.
template <class F>
void for_spans(const RowTask& task, F f) {
  const int64_t count = task.range.count();
  for (int64_t at = task.begin; at < task.end;) {
    const int64_t stream = at / count, first = at % count;
    int64_t n_streams = 1, last = count;
    if (first == 0 && task.end - at >= count) {
      n_streams = (task.end - at) / count;
    } else if (task.end - stream * count < count) {
      last = task.end - stream * count;
    }
    f(Span{stream, stream + n_streams, task.range.first + first, task.range.first + last});
    at = (stream + n_streams - 1) * count + last;
  }
}

// Of a view [streams, rows, n] whose last axis has no gaps.
inline ConstRows const_rows(const View& view, const PlanMemory& memory) {
  return {memory.at(view.buffer) + view.offset, static_cast<ptrdiff_t>(view.strides[0]),
          static_cast<ptrdiff_t>(view.strides[1])};
}
// The same of a view whose one row of a stream stands for every moment.
inline ConstRows stream_rows(const View& view, const PlanMemory& memory) {
  return {memory.at(view.buffer) + view.offset, static_cast<ptrdiff_t>(view.strides[0]), 0};
}
inline Rows rows_of(const View& view, const PlanMemory& memory) {
  const ConstRows rows = const_rows(view, memory);
  return {memory.at(view.buffer) + view.offset, rows.batch, rows.row};
}
}  // namespace dt::cpu
