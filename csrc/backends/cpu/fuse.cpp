#include "backends/cpu/fuse.h"

#include <algorithm>
#include <utility>

namespace dt::cpu {
namespace {

class Fuser {
 public:
  Fuser(const StaticGraph& graph, const Weights& weights)
      : g_(graph), weights_(weights), taken_(graph.nodes.size(), false) {}

  std::vector<Part> run() {
    for (size_t i = 0; i < g_.nodes.size(); ++i) {
      if (g_.nodes[i].op() == "Softmax") try_attention(static_cast<int>(i));
    }
    for (size_t i = 0; i < g_.nodes.size(); ++i) {
      if (!taken_[i]) start(static_cast<int>(i));
    }
    for (size_t i = 0; i < g_.nodes.size(); ++i) {
      if (taken_[i]) continue;
      Part part;
      part.node = static_cast<int>(i);
      parts_.push_back(part);
    }
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.node < b.node; });
    return std::move(parts_);
  }

 private:
  const GraphNode& node(int i) const { return g_.nodes[static_cast<size_t>(i)]; }
  const Shape& shape(int v) const { return g_.value(v).shape; }

  void add(Part part, const std::vector<int>& nodes) {
    for (const int n : nodes) taken_[static_cast<size_t>(n)] = true;
    part.node = *std::max_element(nodes.begin(), nodes.end());
    parts_.push_back(std::move(part));
  }

  void try_attention(int softmax) {
    Part part;
    std::vector<int> nodes;
    if (match_attention(g_, softmax, part, nodes)) add(std::move(part), nodes);
  }

  void start(int i) {
    const std::string& op = node(i).op();
    if (op == "MatMul" || op == "Gemm") {
      start_linear(i);
    } else if (op == "LayerNormalization") {
      start_norm(i);
    } else if (op == "Conv") {
      start_conv(i);
    } else if (op == "Sigmoid") {
      start_element(i);
    }
  }

  // The only user of v where it is the operator and free; -1 otherwise. other: its second operand.
  int next(int v, const char* op, int* other = nullptr) const {
    const int user = g_.only_user(v);
    if (user < 0 || taken_[static_cast<size_t>(user)] || node(user).op() != op) return -1;
    if (other != nullptr) {
      const std::vector<int>& in = node(user).inputs;
      *other = in[0] == v ? in[1] : in[0];
      if (shape(node(user).outputs[0]) != shape(v)) return -1;  // the other one is larger
    }
    return user;
  }

  // x * sigmoid(x) from x on: both nodes, and the result.
  bool take_silu(int& v, std::vector<int>& nodes) const {
    const std::vector<int>& users = g_.value(v).users;
    if (users.size() != 2 || v == g_.output) return false;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const int sigmoid = users[i], product = users[1 - i];
      if (taken_[static_cast<size_t>(sigmoid)] || taken_[static_cast<size_t>(product)]) continue;
      if (node(sigmoid).op() != "Sigmoid" || node(product).op() != "Mul") continue;
      const int curve = node(sigmoid).outputs[0];
      if (g_.only_user(curve) != product) continue;
      nodes.push_back(sigmoid);
      nodes.push_back(product);
      v = node(product).outputs[0];
      return true;
    }
    return false;
  }

  // One row of n numbers, whatever the stream and the frame.
  bool is_row(int v, int64_t n) const {
    const std::vector<float>* floats = g_.floats(v);
    return floats != nullptr && static_cast<int64_t>(floats->size()) == n && !shape(v).empty() &&
           shape(v).back() == n;
  }

  // A row of n for each stream: [batch or 1, 1, n] for a value [batch, time, n], or the same row for all. A
  // part sees its value as [streams, rows, n], so that more axes have no place there.
  bool is_row_of_stream(int v, const Shape& of) const {
    const Shape& s = shape(v);
    if (g_.value(v).dtype != reference::DType::kFloat || s.size() > 3) return false;
    if (is_row(v, of.back())) return true;
    return of.size() == 3 && s.size() == 3 && s[1] == 1 && s[2] == of[2] && (s[0] == of[0] || s[0] == 1) &&
           of[1] > 1;
  }

  // Takes the node that reads v, where it is an `op` of v and another value that `fits`: that value goes to
  // `other`, and v becomes the result.
  template <class Fits>
  bool take(const char* op, int& v, int& other, std::vector<int>& nodes, Fits fits) {
    int found = -1;
    const int user = next(v, op, &found);
    if (user < 0 || found == v || !fits(found)) return false;
    other = found, v = node(user).outputs[0];
    nodes.push_back(user);
    return true;
  }

  void start_linear(int i) {
    const GraphNode& product = node(i);
    Part part;
    part.kind = Part::Kind::kLinear;
    LinearPart& linear = part.linear;
    linear.a = product.inputs[0];
    linear.weights = weights_.find(*product.node, product.inputs[1]);
    if (linear.weights == nullptr || shape(linear.a).size() < 2) return;
    std::vector<int> nodes{i};
    int v = product.outputs[0];
    const int64_t n = linear.weights->n;
    if (product.op() == "Gemm" && product.inputs.size() > 2 && product.inputs[2] >= 0) {
      if (!is_row(product.inputs[2], n)) return;
      linear.bias = product.inputs[2];
    }
    if (linear.bias < 0) take("Add", v, linear.bias, nodes, [&](int b) { return is_row(b, n); });
    linear.has_silu = take_silu(v, nodes);
    take("Mul", v, linear.gate, nodes, [&](int g) { return is_row_of_stream(g, shape(v)); });
    take("Add", v, linear.residual, nodes, [&](int r) { return !g_.is_known(r) && shape(r) == shape(v); });
    part.out = v;
    add(std::move(part), nodes);
  }

  void start_norm(int i) {
    const GraphNode& layer = node(i);
    const Shape& s = shape(layer.inputs[0]);
    const int64_t axis = layer.integer("axis", -1), rank = static_cast<int64_t>(s.size());
    const auto epsilon = layer.node->attributes.find("epsilon");
    if ((axis != -1 && axis != rank - 1) || rank < 2 || layer.outputs.size() != 1) return;
    Part part;
    part.kind = Part::Kind::kNorm;
    part.norm.a = layer.inputs[0], part.norm.scale = layer.inputs[1];
    part.norm.epsilon = epsilon == layer.node->attributes.end() ? 1e-5f : epsilon->second.f;
    if (layer.inputs.size() > 2) part.norm.bias = layer.inputs[2];
    if (!is_row(part.norm.scale, s.back())) return;
    if (part.norm.bias >= 0 && !is_row(part.norm.bias, s.back())) return;
    std::vector<int> nodes{i};
    int v = layer.outputs[0];
    const auto fits = [&](int row) { return is_row_of_stream(row, s); };
    if (take("Mul", v, part.norm.mod_scale, nodes, fits)) take("Add", v, part.norm.mod_shift, nodes, fits);
    part.out = v;
    add(std::move(part), nodes);
  }

  void start_conv(int i) {
    const GraphNode& layer = node(i);
    Part part;
    part.kind = Part::Kind::kConv;
    ConvPart& conv = part.conv;
    conv.a = layer.inputs[0];
    conv.weights = weights_.find(*layer.node, layer.inputs[1]);
    if (conv.weights == nullptr || shape(conv.a).size() != 3) return;
    if (layer.inputs.size() > 2 && layer.inputs[2] >= 0) conv.bias = layer.inputs[2];
    if (conv.bias >= 0 && !is_row(conv.bias, conv.weights->n)) return;
    const auto first = [&](const char* name, int64_t otherwise, size_t at = 0) {
      const std::vector<int64_t> all = layer.integers(name);
      return at < all.size() ? all[at] : otherwise;
    };
    conv.stride = first("strides", 1), conv.dilation = first("dilations", 1);
    conv.pad_before = first("pads", 0), conv.pad_after = first("pads", 0, 1);
    const bool is_depthwise = conv.weights->form == PackedWeights::Form::kDepthwise;
    conv.taps = is_depthwise ? conv.weights->k : conv.weights->k / shape(conv.a)[1];
    std::vector<int> nodes{i};
    int v = layer.outputs[0];
    const int user = next(v, "Transpose");
    if (user >= 0 && node(user).integers("perm") == std::vector<int64_t>{0, 2, 1}) {
      conv.is_transposed = true, v = node(user).outputs[0];
      nodes.push_back(user);
    }
    conv.has_silu = take_silu(v, nodes);
    part.out = v;
    add(std::move(part), nodes);
  }

  void start_element(int i) {
    const GraphNode& sigmoid = node(i);
    const int curve = sigmoid.outputs[0];
    int other = -1;
    const int user = next(curve, "Mul", &other);
    if (user < 0 || other == curve || shape(other) != shape(curve)) return;
    Part part;
    part.kind = Part::Kind::kElement;
    part.element = {other, sigmoid.inputs[0]};
    part.out = node(user).outputs[0];
    add(std::move(part), {i, user});
  }

  const StaticGraph& g_;
  const Weights& weights_;
  std::vector<bool> taken_;
  std::vector<Part> parts_;
};

}  // namespace

std::vector<Part> fuse(const StaticGraph& graph, const Weights& weights) {
  return Fuser(graph, weights).run();
}

}  // namespace dt::cpu
