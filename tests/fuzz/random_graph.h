// A graph that grows node by node from a fuzzer's bytes: what an operator refuses is left out, so that every
// graph is valid. Parts that the cpu backend computes by one kernel are there as a whole.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "../cpp/onnx_builder.h"
#include "input.h"

namespace dt::fuzz {

class RandomGraph {
 public:
  explicit RandomGraph(Input& in);

  std::string model() const;
  std::map<std::string, reference::Shape> inputs() const { return inputs_; }

 private:
  using Shape = reference::Shape;
  struct Value {
    std::string name;
    Shape shape;
  };

  const Value& any() const;  // the newest ones more often
  int64_t small(int64_t most) const { return 1 + in_.u8() % most; }
  std::string fresh() { return "v" + std::to_string(n_names_++); }
  std::string constant(const Shape& shape);  // small numbers
  std::string integers(const std::vector<int64_t>& values);
  // Weights of this shape: those of before, or new ones.
  std::string weights(const Shape& shape);
  // Adds the node where it is valid; whether it is.
  bool node(const std::string& op, const std::vector<std::string>& inputs,
            const std::vector<reference::TestAttribute>& attributes = {}, size_t n_outputs = 1);

  void product();
  void gemm();
  void convolution();
  void normalisation();
  void arithmetic();
  void function();
  void turn();
  void reshape();
  void slice();
  void split();
  void join();
  void axes();
  void reduce();
  void values_product();
  void silu();
  void attention();

  Input& in_;
  reference::OnnxBuilder builder_;
  std::map<std::string, Shape> inputs_;
  std::vector<Value> values_;
  std::map<Shape, std::string> weights_;
  int n_names_ = 0;
};

}  // namespace dt::fuzz
