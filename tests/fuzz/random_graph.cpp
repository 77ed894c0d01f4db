#include "random_graph.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "common/error.h"

namespace dt::fuzz {

using namespace reference;

RandomGraph::RandomGraph(Input& in) : in_(in) {
  static const std::array<void (RandomGraph::*)(), 18> kSteps = {
      &RandomGraph::product,     &RandomGraph::product,     &RandomGraph::gemm,
      &RandomGraph::convolution, &RandomGraph::convolution, &RandomGraph::normalisation,
      &RandomGraph::arithmetic,  &RandomGraph::arithmetic,  &RandomGraph::arithmetic,
      &RandomGraph::function,    &RandomGraph::turn,        &RandomGraph::reshape,
      &RandomGraph::slice,       &RandomGraph::split,       &RandomGraph::join,
      &RandomGraph::axes,        &RandomGraph::reduce,      &RandomGraph::silu};
  for (int n = 1 + in_.u8() % 2; n > 0; --n) {
    Shape shape;
    for (int rank = in_.u8() % 8 < 5 ? 3 : in_.u8() % 5; rank > 0; --rank) shape.push_back(small(9));
    const std::string name = fresh();
    builder_.input(name, shape);
    inputs_[name] = shape;
    values_.push_back({name, shape});
  }
  for (int n = 0; n < 14 && in_.left() > 0; ++n) {
    const uint8_t which = in_.u8() % 20;
    if (which < kSteps.size()) {
      (this->*kSteps[which])();
    } else {
      which == 18 ? values_product() : attention();
    }
  }
}

std::string RandomGraph::model() const {
  OnnxBuilder whole = builder_;
  return whole.output(values_.back().name).model();
}

const RandomGraph::Value& RandomGraph::any() const {
  const size_t back = in_.u8() % 4 < 3 ? 0 : in_.u8() % values_.size();
  return values_[values_.size() - 1 - back];
}

std::string RandomGraph::constant(const Shape& shape) {
  Tensor t = Tensor::zeros(DType::kFloat, shape);
  const unsigned salt = in_.u8();
  for (size_t i = 0; i < t.floats.size(); ++i) t.floats[i] = (static_cast<float>((i + salt) * 5 % 9) - 4) / 8;
  const std::string name = fresh();
  builder_.initializer(name, t);
  return name;
}

std::string RandomGraph::integers(const std::vector<int64_t>& values) {
  const std::string name = fresh();
  builder_.initializer(name, i64({static_cast<int64_t>(values.size())}, values));
  return name;
}

std::string RandomGraph::weights(const Shape& shape) {
  const auto found = weights_.find(shape);
  if (found != weights_.end() && in_.u8() % 2 == 0) return found->second;
  return weights_[shape] = constant(shape);
}

bool RandomGraph::node(const std::string& op, const std::vector<std::string>& inputs,
                       const std::vector<TestAttribute>& attributes, size_t n_outputs) {
  std::vector<std::string> outputs;
  for (size_t i = 0; i < n_outputs; ++i) outputs.push_back(fresh());
  OnnxBuilder tried = builder_;
  tried.node(op, inputs, outputs, attributes);
  OnnxBuilder whole = tried;
  for (const std::string& name : outputs) whole.output(name);
  try {
    const OnnxGraph::Estimate estimate = load(whole.model()).estimate(inputs_);
    for (size_t i = 0; i < n_outputs; ++i) {
      if (estimate.dtypes[i] != DType::kFloat || n_elements(estimate.outputs[i]) > 20000) return false;
    }
    for (size_t i = 0; i < n_outputs; ++i) values_.push_back({outputs[i], estimate.outputs[i]});
  } catch (const Error&) {
    return false;
  }
  builder_ = tried;
  return true;
}

void RandomGraph::product() {
  const Value a = any();
  if (a.shape.empty()) return;
  const int64_t n = in_.u8() % 3 == 0 ? a.shape.back() : small(40);
  if (!node("MatMul", {a.name, weights({a.shape.back(), n})})) return;
  const uint8_t more = in_.u8();
  if ((more & 1) != 0) node("Add", {values_.back().name, constant({n})});
  if ((more & 2) != 0) silu();
  if ((more & 4) != 0) arithmetic();
}

void RandomGraph::gemm() {
  const Value a = any();
  if (a.shape.size() != 2) return;
  const int64_t k = a.shape[1], n = in_.u8() % 3 == 0 ? k : small(20);
  const uint8_t how = in_.u8();
  std::vector<TestAttribute> attributes;
  if ((how & 1) != 0) attributes.emplace_back("transB", 1);
  if ((how & 12) == 4) attributes.emplace_back("transA", 1);
  if ((how & 12) == 8) attributes.emplace_back("alpha", 2.0f);
  std::vector<std::string> inputs{a.name, weights((how & 1) != 0 ? Shape{n, k} : Shape{k, n})};
  if ((how & 2) != 0) inputs.push_back(constant((how & 16) != 0 ? Shape{1} : Shape{n}));
  node("Gemm", inputs, attributes);
}

void RandomGraph::convolution() {
  const Value a = any();
  if (a.shape.size() != 3) return;
  const int64_t channels = a.shape[1], taps = small(4);
  const bool is_depthwise = in_.u8() % 2 != 0;
  const int64_t n = is_depthwise ? channels : small(12);
  std::vector<TestAttribute> attributes{{"group", is_depthwise ? channels : 1}};
  const uint8_t how = in_.u8();
  if ((how & 1) != 0) attributes.emplace_back("pads", std::vector<int64_t>{how >> 4 & 3, how >> 6});
  if ((how & 2) != 0) attributes.emplace_back("strides", std::vector<int64_t>{small(3)});
  if ((how & 4) != 0) attributes.emplace_back("dilations", std::vector<int64_t>{small(3)});
  if ((how & 9) == 8) attributes.emplace_back("auto_pad", "SAME_UPPER");
  std::vector<std::string> inputs{a.name, weights({n, is_depthwise ? 1 : channels, taps})};
  if (in_.u8() % 2 != 0) inputs.push_back(constant({n}));
  if (node("Conv", inputs, attributes) && in_.u8() % 2 != 0)
    node("Transpose", {values_.back().name}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
}

void RandomGraph::normalisation() {
  const Value a = any();
  if (a.shape.empty()) return;
  const Shape row{a.shape.back()};
  std::vector<std::string> inputs{a.name, constant(row)};
  if (in_.u8() % 2 != 0) inputs.push_back(constant(row));
  // Not so small that it makes noise of equal numbers.
  if (node("LayerNormalization", inputs, {{"axis", in_.u8() % 4 == 0 ? 1 : -1}, {"epsilon", 0.1f}}) &&
      in_.u8() % 2 != 0)
    arithmetic();
}

void RandomGraph::arithmetic() {
  static const char* const kOps[] = {"Add", "Mul", "Add", "Mul", "Sub", "Div"};
  const Value a = any();
  const int64_t n = a.shape.empty() ? 1 : a.shape.back();
  Shape other;
  switch (in_.u8() % 7) {
    case 0:
      other = {n};
      break;
    case 1:
      other = {1, 1, n};
      break;
    case 2:
      other = {1, 1, 1, n};
      break;
    case 3:
      other = a.shape;
      break;
    case 4:
      other = {1};
      break;
    default: {
      const Value& b = any();
      const bool is_first = in_.u8() % 2 == 0;
      const std::string first = is_first ? a.name : b.name, second = is_first ? b.name : a.name;
      node(kOps[in_.u8() % 6], {first, second});
      return;
    }
  }
  const std::string second = constant(other);
  const bool is_first = in_.u8() % 2 == 0;
  node(kOps[in_.u8() % 5], {is_first ? a.name : second, is_first ? second : a.name});
}

void RandomGraph::function() {
  static const char* const kOps[] = {"Sigmoid", "Tanh", "Neg", "Sin", "Softmax"};
  node(kOps[in_.u8() % 5], {any().name});
}

void RandomGraph::turn() {
  const Value a = any();
  std::vector<int64_t> order(a.shape.size());
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[in_.u8() % i]);
  node("Transpose", {a.name}, {{"perm", order}});
}

void RandomGraph::reshape() {
  const Value a = any();
  std::vector<int64_t> to;
  int64_t left = n_elements(a.shape);
  for (int rank = in_.u8() % 5; rank > 0; --rank) {
    const int64_t d = in_.u8() % 6;
    to.push_back(rank == 1 ? -1 : d != 0 && left % d == 0 ? d : 1);
    if (to.back() > 0) left /= to.back();
  }
  if (to.empty() && !a.shape.empty() && in_.u8() % 2 != 0) to = {0, 0, -1};
  node("Reshape", {a.name, integers(to)}, {{"allowzero", in_.u8() % 4 == 0 ? 1 : 0}});
}

void RandomGraph::slice() {
  const Value a = any();
  if (a.shape.empty()) return;
  const auto axis = static_cast<int64_t>(in_.u8() % a.shape.size());
  const auto number = [&] { return static_cast<int64_t>(in_.u8() % 16) - 5; };
  const int64_t first = number(), last = number(), step = in_.u8() % 3 == 0 ? number() : 1;
  node("Slice", {a.name, integers({first}), integers({last}), integers({axis}), integers({step})});
}

void RandomGraph::split() {
  const Value a = any();
  if (a.shape.empty()) return;
  const int axis = static_cast<int>(in_.u8() % a.shape.size()), n = 2 + in_.u8() % 2;
  node("Split", {a.name}, {{"axis", axis}, {"num_outputs", n}}, static_cast<size_t>(n));
}

void RandomGraph::join() {
  const Value a = any(), b = any();
  if (a.shape.empty()) return;
  node("Concat", {a.name, b.name}, {{"axis", static_cast<int>(in_.u8() % a.shape.size())}});
}

void RandomGraph::axes() {
  const Value a = any();
  switch (in_.u8() % 3) {
    case 0:
      node("Unsqueeze", {a.name, integers({in_.u8() % 4})});
      break;
    case 1:
      node("Squeeze", {a.name, integers({in_.u8() % 4})});
      break;
    default: {
      std::vector<int64_t> to = a.shape;
      for (int64_t& d : to) d = d == 1 ? small(5) : 1;
      node("Expand", {a.name, integers(to)});
    }
  }
}

void RandomGraph::reduce() {
  static const char* const kOps[] = {"ReduceMean", "ReduceSum", "ReduceL2"};
  const Value a = any();
  if (a.shape.empty()) return;
  const std::string at = integers({static_cast<int64_t>(in_.u8() % a.shape.size())});
  node(kOps[in_.u8() % 3], {a.name, at}, {{"keepdims", in_.u8() % 2}});
}

void RandomGraph::values_product() {
  const Value a = any(), b = any();
  if (in_.u8() % 2 != 0 && b.shape.size() >= 2) {
    std::vector<int64_t> order(b.shape.size());
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    if (node("Transpose", {b.name}, {{"perm", order}})) node("MatMul", {a.name, values_.back().name});
  } else {
    node("MatMul", {a.name, b.name});
  }
}

void RandomGraph::silu() {
  const Value a = any(), factor = in_.u8() % 4 == 0 ? any() : a;
  if (node("Sigmoid", {a.name})) node("Mul", {factor.name, values_.back().name});
}

// As exporters write it: joined heads are split, turned by their positions, and put side by side again.
void RandomGraph::attention() {
  const Value a = any();
  if (a.shape.size() != 3) return;
  const int64_t heads = small(3), d = 2 * small(4), rows = a.shape[1];
  if (!node("MatMul", {a.name, weights({a.shape[2], 3 * heads * d})})) return;
  if (!node("Reshape", {values_.back().name, integers({0, 0, 3 * heads, d})})) return;
  node("Transpose", {values_.back().name}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  if (!node("Split", {values_.back().name}, {{"axis", 1}, {"num_outputs", 3}}, 3)) return;
  std::array<std::string, 3> parts;
  for (size_t i = 0; i < 3; ++i) parts[i] = values_[values_.size() - 3 + i].name;
  const std::string axis = integers({3}), zero = integers({0}), half = integers({d / 2}), end = integers({d});
  const uint8_t how = in_.u8();
  for (size_t i = 0; i < 2; ++i) {
    if ((how >> i & 1) != 0) {
      const Shape table{(how & 16) != 0 ? small(5) : rows, d};
      const std::string x = parts[i], cosines = constant(table), sines = constant(table);
      node("Slice", {x, zero, half, axis});
      const std::string first = values_.back().name;
      node("Slice", {x, half, end, axis});
      node("Neg", {values_.back().name});
      node("Concat", {values_.back().name, first}, {{"axis", 3}});
      const std::string turned = values_.back().name;
      node("Mul", {x, cosines});
      const std::string straight = values_.back().name;
      node("Mul", {turned, sines});
      if (!node("Add", {straight, values_.back().name})) return;
      parts[i] = values_.back().name;
    }
    if ((how >> (2 + i) & 1) != 0 && node("Mul", {parts[i], constant({})})) parts[i] = values_.back().name;
  }
  if (!node("Transpose", {parts[1]}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}})) return;
  if (!node("MatMul", {parts[0], values_.back().name})) return;
  node("Softmax", {values_.back().name}, {{"axis", -1}});
  if (!node("MatMul", {values_.back().name, parts[2]})) return;
  node("Transpose", {values_.back().name}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  node("Reshape", {values_.back().name, integers({0, 0, -1})});
}

}  // namespace dt::fuzz
