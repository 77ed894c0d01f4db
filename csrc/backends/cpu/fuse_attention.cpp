// The shape of attention in an exported graph: a joined product is cut into heads, queries and keys are
// rotated by position, and the heads are put side by side again.
#include <algorithm>
#include <set>

#include "backends/cpu/fuse.h"

namespace dt::cpu {
namespace {

using Nodes = std::vector<int>;

// The producer of v where it is the operator, noted in nodes; null otherwise.
const GraphNode* take(const StaticGraph& g, int v, const char* op, Nodes& nodes) {
  const GraphNode* node = g.producer(v);
  if (node == nullptr || node->op() != op) return nullptr;
  nodes.push_back(g.value(v).producer);
  return node;
}

bool has_order(const GraphNode& transpose, const std::vector<int64_t>& order) {
  return transpose.integers("perm") == order;
}

// Of a Slice with one axis, the last; false for any other.
bool slice_of_last(const StaticGraph& g, const GraphNode& slice, int64_t& first, int64_t& last) {
  const Shape& shape = g.value(slice.inputs[0]).shape;
  const auto number = [&](size_t i, int64_t& value) {
    if (i >= slice.inputs.size() || slice.inputs[i] < 0) return false;
    const auto& known = g.value(slice.inputs[i]).known;
    if (known == nullptr || known->ints.size() != 1) return false;
    value = known->ints[0];
    return true;
  };
  int64_t axis = 0, step = 1;
  if (!number(1, first) || !number(2, last) || !number(3, axis)) return false;
  if (slice.inputs.size() > 4 && (!number(4, step) || step != 1)) return false;
  const int64_t rank = static_cast<int64_t>(shape.size()), n = shape.back();
  if (axis != rank - 1 && axis != -1) return false;
  last = std::min(last, n);
  return first >= 0 && last >= first;
}

// (-x2, x1) of x = (x1, x2), whose value is put into `of`.
bool is_turned(const StaticGraph& g, int v, int of, Nodes& nodes) {
  const GraphNode* join = take(g, v, "Concat", nodes);
  if (join == nullptr || join->inputs.size() != 2) return false;
  const int64_t rank = static_cast<int64_t>(g.value(v).shape.size()), n = g.value(v).shape.back();
  const int64_t axis = join->integer("axis", 0);
  if (axis != -1 && axis != rank - 1) return false;
  const GraphNode* negative = take(g, join->inputs[0], "Neg", nodes);
  if (negative == nullptr) return false;
  const GraphNode *second = take(g, negative->inputs[0], "Slice", nodes),
                  *first = take(g, join->inputs[1], "Slice", nodes);
  if (first == nullptr || second == nullptr || first->inputs[0] != of || second->inputs[0] != of)
    return false;
  int64_t a = 0, b = 0, c = 0, d = 0;
  return slice_of_last(g, *second, a, b) && slice_of_last(g, *first, c, d) && n % 2 == 0 && a == n / 2 &&
         b == n && c == 0 && d == n / 2;
}

bool is_table(const StaticGraph& g, int v, int64_t rows, int64_t d) {
  const std::vector<float>* floats = g.floats(v);
  return floats != nullptr && g.value(v).shape == Shape{rows, d};
}

// base * cos + turned(base) * sin, times a number; or base alone.
bool match_position(const StaticGraph& g, int v, AttentionPart::Position& position, int& base, Nodes& nodes) {
  const GraphNode* scaled = g.producer(v);
  if (scaled != nullptr && scaled->op() == "Mul") {
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const std::vector<float>* number = g.floats(scaled->inputs[i]);
      if (number == nullptr || number->size() != 1) continue;
      position.scale = (*number)[0];
      nodes.push_back(g.value(v).producer);
      v = scaled->inputs[1 - i];
      break;
    }
  }
  base = v;
  const GraphNode* sum = g.producer(v);
  if (sum == nullptr || sum->op() != "Add") return true;
  nodes.push_back(g.value(v).producer);
  const Shape& shape = g.value(v).shape;
  const int64_t rows = shape[shape.size() - 2], d = shape.back();
  for (const size_t i : {size_t{0}, size_t{1}}) {
    Nodes tried = nodes;
    const GraphNode *straight = take(g, sum->inputs[i], "Mul", tried),
                    *turned = take(g, sum->inputs[1 - i], "Mul", tried);
    if (straight == nullptr || turned == nullptr) return false;
    if (!is_table(g, straight->inputs[1], rows, d) || !is_table(g, turned->inputs[1], rows, d)) continue;
    if (!is_turned(g, turned->inputs[0], straight->inputs[0], tried)) continue;
    base = straight->inputs[0];
    position.cosines = straight->inputs[1], position.sines = turned->inputs[1];
    nodes = tried;
    return true;
  }
  return false;
}

// Queries, keys and values, in order, of one joined value.
bool match_heads(const StaticGraph& g, const int (&heads)[3], AttentionPart& part, Nodes& nodes) {
  const GraphNode* split = take(g, heads[0], "Split", nodes);
  if (split == nullptr || split->outputs != std::vector<int>(heads, heads + 3)) return false;
  const GraphNode* transpose = take(g, split->inputs[0], "Transpose", nodes);
  if (transpose == nullptr || !has_order(*transpose, {0, 2, 1, 3}) || split->integer("axis", 0) != 1)
    return false;
  const GraphNode* reshape = take(g, transpose->inputs[0], "Reshape", nodes);
  if (reshape == nullptr) return false;
  const Shape &joined = g.value(reshape->inputs[0]).shape, &cut = g.value(reshape->outputs[0]).shape;
  if (joined.size() != 3 || cut.size() != 4 || cut[0] != joined[0] || cut[1] != joined[1] || cut[2] % 3 != 0)
    return false;
  part.joined = reshape->inputs[0], part.heads = cut[2] / 3, part.d = cut[3];
  const Shape one{cut[0], part.heads, cut[1], part.d};
  return std::all_of(heads, heads + 3, [&](int v) { return g.value(v).shape == one; });
}

// Nothing outside of the nodes reads what they compute, but for the value `out`.
bool is_closed(const StaticGraph& g, const Nodes& nodes, int out) {
  const std::set<int> inside(nodes.begin(), nodes.end());
  for (const int n : inside) {
    for (const int v : g.nodes[static_cast<size_t>(n)].outputs) {
      if (v < 0 || v == out) continue;
      const std::vector<int>& users = g.value(v).users;
      if (v == g.output ||
          !std::all_of(users.begin(), users.end(), [&](int u) { return inside.count(u) != 0; }))
        return false;
    }
  }
  return true;
}

// From v on through its only user, where that is the operator.
const GraphNode* follow(const StaticGraph& g, int v, const char* op, Nodes& nodes) {
  const int user = g.only_user(v);
  if (user < 0 || g.nodes[static_cast<size_t>(user)].op() != op) return nullptr;
  nodes.push_back(user);
  return &g.nodes[static_cast<size_t>(user)];
}

}  // namespace

bool match_attention(const StaticGraph& g, int softmax_index, Part& part, Nodes& nodes) {
  const GraphNode& softmax = g.nodes[static_cast<size_t>(softmax_index)];
  const Shape& shape = g.value(softmax.outputs[0]).shape;
  const int64_t axis = softmax.integer("axis", -1);
  if (shape.size() != 4 || (axis != -1 && axis != 3) || shape[2] != shape[3]) return false;
  nodes = {softmax_index};
  const GraphNode* scores = take(g, softmax.inputs[0], "MatMul", nodes);
  if (scores == nullptr) return false;
  const GraphNode* turned = take(g, scores->inputs[1], "Transpose", nodes);
  if (turned == nullptr || !has_order(*turned, {0, 1, 3, 2})) return false;
  int heads[3] = {-1, -1, -1};
  if (!match_position(g, scores->inputs[0], part.attention.query, heads[0], nodes)) return false;
  if (!match_position(g, turned->inputs[0], part.attention.key, heads[1], nodes)) return false;
  const GraphNode* weighed = follow(g, softmax.outputs[0], "MatMul", nodes);
  if (weighed == nullptr || weighed->inputs[0] != softmax.outputs[0]) return false;
  heads[2] = weighed->inputs[1];
  const GraphNode* back = follow(g, weighed->outputs[0], "Transpose", nodes);
  if (back == nullptr || !has_order(*back, {0, 2, 1, 3})) return false;
  const GraphNode* joined = follow(g, back->outputs[0], "Reshape", nodes);
  if (joined == nullptr || !match_heads(g, heads, part.attention, nodes)) return false;
  part.kind = Part::Kind::kAttention;
  part.node = g.value(joined->outputs[0]).producer, part.out = joined->outputs[0];
  const Shape expected{shape[0], shape[2], part.attention.heads * part.attention.d};
  return g.value(part.out).shape == expected && is_closed(g, nodes, part.out);
}

}  // namespace dt::cpu
