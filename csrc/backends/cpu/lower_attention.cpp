// Steps of attention: positions are put into the queries, keys and values are laid out as weights, and every
// block of queries runs through its keys.
#include <algorithm>

#include "backends/cpu/lowering.h"

namespace dt::cpu {
namespace {

View columns(const View& view, int64_t first, int64_t n) {
  View part = view;
  part.offset += first;
  part.shape[2] = n;
  return part;
}

// The scale of the scores goes into the tables.
std::vector<float> scaled(const std::vector<float>* values, float scale) {
  std::vector<float> result = *values;
  for (float& v : result) v *= scale;
  return result;
}

}  // namespace

void Lowering::emit_rotary(const AttentionPart& part, const View& query) {
  const StaticGraph& g = *result_.graph;
  const AttentionPart::Position& position = part.query;
  if (position.cosines < 0 && position.scale == 1.0f) return;
  PlanStep step = row_step(query.shape);
  step.reads = {read(query, step)};
  step.writes = {query.buffer};
  RotaryArgs args;
  args.heads = part.heads, args.d = part.d, args.scale = position.scale;
  int cosines = -1, sines = -1;
  if (position.cosines >= 0) {
    cosines = table(scaled(g.floats(position.cosines), position.scale));
    sines = table(scaled(g.floats(position.sines), position.scale));
  }
  const Kernels* k = &kernels_;
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    RotaryArgs bound = args;
    bound.a = const_rows(query, memory), bound.out = rows_of(query, memory);
    if (cosines >= 0) bound.cosines = memory.at(cosines), bound.sines = memory.at(sines);
    return [=](const RowTask& task, float*) { for_spans(task, [&](Span span) { k->rotary(bound, span); }); };
  };
  steps_.push_back(std::move(step));
}

Lowering::KeyValueBuffers Lowering::emit_key_value(const AttentionPart& part, const View& key,
                                                   const View& value) {
  const StaticGraph& g = *result_.graph;
  const int64_t rows = key.shape[1], d = part.d, n_heads = key.shape[0] * part.heads;
  const int keys = add_buffer(n_heads * kernels_.key_floats(rows, d));
  const int values = add_buffer(n_heads * kernels_.value_floats(rows, d));
  KeyValueArgs args;
  args.key.heads = part.heads, args.key.d = d, args.key.scale = part.key.scale;
  args.n_keys = rows;
  int cosines = -1, sines = -1;
  if (part.key.cosines >= 0) {
    cosines = table(scaled(g.floats(part.key.cosines), part.key.scale));
    sines = table(scaled(g.floats(part.key.sines), part.key.scale));
  }
  const Kernels* k = &kernels_;
  PlanStep step = row_step(key.shape);
  step.reads = {read(key, step), read(value, step)};
  step.writes = {keys, values};
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    KeyValueArgs bound = args;
    bound.key.a = const_rows(key, memory), bound.value = const_rows(value, memory);
    bound.keys = memory.at(keys), bound.values = memory.at(values);
    if (cosines >= 0) bound.key.cosines = memory.at(cosines), bound.key.sines = memory.at(sines);
    return
        [=](const RowTask& task, float*) { for_spans(task, [&](Span span) { k->key_value(bound, span); }); };
  };
  steps_.push_back(std::move(step));
  return {keys, values};
}

void Lowering::lower_attention(const Part& part) {
  const StaticGraph& g = *result_.graph;
  const AttentionPart& attention = part.attention;
  const int64_t width = attention.heads * attention.d;
  View joined = with_dense_rows(float_view(attention.joined));
  const View& second = second_views_[static_cast<size_t>(attention.joined)];
  const bool is_cut = second.buffer >= 0;
  // Queries are rotated in place: only what nobody else sees, such as a product or a sum.
  const GraphNode* producer = g.producer(attention.joined);
  const bool is_own = producer != nullptr && g.only_user(attention.joined) >= 0 &&
                      (producer->op() == "Add" || producer->op() == "MatMul");
  if (!is_own) joined = copied(joined);
  const View query = columns(joined, 0, width);
  const View key = is_cut ? columns(second, 0, width) : columns(joined, width, width);
  const View value = is_cut ? columns(second, width, width) : columns(joined, 2 * width, width);
  emit_rotary(attention, query);
  const KeyValueBuffers made = emit_key_value(attention, key, value);

  const int64_t rows = query.shape[1];
  scratch_floats_ = std::max(scratch_floats_, kernels_.scratch_floats(rows));
  const View out = dense({query.shape[0], rows, width});
  AttentionArgs args;
  args.n_keys = rows, args.heads = attention.heads, args.d = attention.d;
  const Kernels* k = &kernels_;
  PlanStep step = row_step(out.shape);
  step.reads = {read(query, step), {made.keys, 0, 0, true}, {made.values, 0, 0, true}};
  step.writes = {out.buffer};
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    AttentionArgs bound = args;
    bound.query = const_rows(query, memory), bound.out = rows_of(out, memory);
    bound.keys = memory.at(made.keys), bound.values = memory.at(made.values);
    return [=](const RowTask& task, float* scratch) {
      for_spans(task, [&](Span span) { k->attention(bound, span, scratch); });
    };
  };
  steps_.push_back(std::move(step));
  define(part.out, out);
}

}  // namespace dt::cpu
