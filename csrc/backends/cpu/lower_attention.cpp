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

  const int64_t streams = query.shape[0], rows = query.shape[1], d = attention.d;
  const int64_t n_heads = streams * attention.heads;
  const int keys = add_buffer(n_heads * kernels_.key_floats(rows, d));
  const int values = add_buffer(n_heads * kernels_.value_floats(rows, d));
  scratch_floats_ = std::max(scratch_floats_, kernels_.scratch_floats(rows));
  KeyValueArgs prepare;
  prepare.key.heads = attention.heads, prepare.key.d = d, prepare.key.scale = attention.key.scale;
  prepare.n_keys = rows;
  int cosines = -1, sines = -1;
  if (attention.key.cosines >= 0) {
    cosines = table(scaled(g.floats(attention.key.cosines), attention.key.scale));
    sines = table(scaled(g.floats(attention.key.sines), attention.key.scale));
  }
  const Kernels* k = &kernels_;
  PlanStep step = row_step(query.shape);
  step.reads = {read(key, step), read(value, step)};
  step.writes = {keys, values};
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    KeyValueArgs bound = prepare;
    bound.key.a = const_rows(key, memory), bound.value = const_rows(value, memory);
    bound.keys = memory.at(keys), bound.values = memory.at(values);
    if (cosines >= 0) bound.key.cosines = memory.at(cosines), bound.key.sines = memory.at(sines);
    return
        [=](const RowTask& task, float*) { for_spans(task, [&](Span span) { k->key_value(bound, span); }); };
  };
  steps_.push_back(step);

  const View out = dense({streams, rows, width});
  AttentionArgs args;
  args.n_keys = rows, args.heads = attention.heads, args.d = d;
  PlanStep attend = row_step(out.shape);
  attend.reads = {read(query, attend), {keys, 0, 0, true}, {values, 0, 0, true}};
  attend.writes = {out.buffer};
  attend.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    AttentionArgs bound = args;
    bound.query = const_rows(query, memory), bound.out = rows_of(out, memory);
    bound.keys = memory.at(keys), bound.values = memory.at(values);
    return [=](const RowTask& task, float* scratch) {
      for_spans(task, [&](Span span) { k->attention(bound, span, scratch); });
    };
  };
  steps_.push_back(std::move(attend));
  define(part.out, out);
}

}  // namespace dt::cpu
