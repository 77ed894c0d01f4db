// Writes small ONNX models for the tests, byte by byte (field numbers of onnx.proto).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backends/reference/onnx_graph.h"

namespace dt::reference {

// A protobuf message being written.
class ProtoWriter {
 public:
  ProtoWriter& integer(uint32_t field, int64_t value);
  ProtoWriter& real(uint32_t field, float value);
  ProtoWriter& bytes(uint32_t field, const std::string& value);
  const std::string& data() const { return data_; }

 private:
  void varint(uint64_t value);
  std::string data_;
};

// A node attribute.
struct TestAttribute {
  TestAttribute(std::string n, int64_t value);
  TestAttribute(std::string n, int value) : TestAttribute(std::move(n), static_cast<int64_t>(value)) {}
  TestAttribute(std::string n, float value);
  TestAttribute(std::string n, const char* value);
  TestAttribute(std::string n, const std::vector<int64_t>& values);
  TestAttribute(std::string n, const Tensor& value);
  std::string encoded;
};

class OnnxBuilder {
 public:
  // shape: -1 is written as a symbolic dimension.
  OnnxBuilder& input(const std::string& name, const Shape& shape, DType dtype = DType::kFloat);
  OnnxBuilder& output(const std::string& name);
  OnnxBuilder& initializer(const std::string& name, const Tensor& value);
  OnnxBuilder& node(const std::string& op, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs,
                    const std::vector<TestAttribute>& attributes = {}, const std::string& domain = "");
  std::string model(int64_t opset = 18) const;

 private:
  ProtoWriter graph_;
};

OnnxGraph load(const std::string& model);

// Runs one operator on `inputs`, which become graph inputs. n_outputs: outputs of the node.
std::vector<Tensor> run_op(const std::string& op, const std::vector<Tensor>& inputs,
                           const std::vector<TestAttribute>& attributes = {}, size_t n_outputs = 1);

inline Tensor f32(Shape shape, std::vector<float> values) {
  return Tensor::from(std::move(shape), std::move(values));
}
inline Tensor i64(Shape shape, std::vector<int64_t> values) {
  return Tensor::from_ints(std::move(shape), std::move(values));
}
inline Tensor boolean(Shape shape, std::vector<int64_t> values) {
  return Tensor::from_ints(std::move(shape), std::move(values), DType::kBool);
}

// Equal shape and values; floats within `limit`.
void expect_equal(const Tensor& got, const Tensor& expected, float limit = 1e-6f);

}  // namespace dt::reference
