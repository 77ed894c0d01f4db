#include "onnx_builder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace dt::reference {
namespace {

int64_t onnx_type(DType dtype) { return dtype == DType::kFloat ? 1 : dtype == DType::kInt64 ? 7 : 9; }

std::string encode(const Tensor& t, const std::string& name) {
  ProtoWriter w;
  for (int64_t d : t.shape) w.integer(1, d);
  w.integer(2, onnx_type(t.dtype)).bytes(8, name);
  std::string raw;
  if (t.dtype == DType::kFloat) {
    raw.assign(reinterpret_cast<const char*>(t.floats.data()), t.floats.size() * sizeof(float));
  } else if (t.dtype == DType::kInt64) {
    raw.assign(reinterpret_cast<const char*>(t.ints.data()), t.ints.size() * sizeof(int64_t));
  } else {
    for (int64_t v : t.ints) raw.push_back(static_cast<char>(v));
  }
  return w.bytes(9, raw).data();
}

std::string value_info(const std::string& name, const Shape& shape, DType dtype) {
  ProtoWriter dims;
  for (int64_t d : shape) {
    dims.bytes(1, d < 0 ? ProtoWriter().bytes(2, "n").data() : ProtoWriter().integer(1, d).data());
  }
  const ProtoWriter tensor = ProtoWriter().integer(1, onnx_type(dtype)).bytes(2, dims.data());
  return ProtoWriter().bytes(1, name).bytes(2, ProtoWriter().bytes(1, tensor.data()).data()).data();
}

}  // namespace

void ProtoWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) data_.push_back(static_cast<char>(value | 0x80));
  data_.push_back(static_cast<char>(value));
}

ProtoWriter& ProtoWriter::integer(uint32_t field, int64_t value) {
  varint(field << 3);
  varint(static_cast<uint64_t>(value));
  return *this;
}

ProtoWriter& ProtoWriter::real(uint32_t field, float value) {
  varint(field << 3 | 5);
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  data_.append(raw, sizeof raw);
  return *this;
}

ProtoWriter& ProtoWriter::bytes(uint32_t field, const std::string& value) {
  varint(field << 3 | 2);
  varint(value.size());
  data_ += value;
  return *this;
}

// Field 20 is AttributeProto.type, which OpenVINO asks for.
TestAttribute::TestAttribute(std::string n, int64_t value)
    : encoded(ProtoWriter().bytes(1, n).integer(3, value).integer(20, 2).data()) {}
TestAttribute::TestAttribute(std::string n, float value)
    : encoded(ProtoWriter().bytes(1, n).real(2, value).integer(20, 1).data()) {}
TestAttribute::TestAttribute(std::string n, const char* value)
    : encoded(ProtoWriter().bytes(1, n).bytes(4, value).integer(20, 3).data()) {}
TestAttribute::TestAttribute(std::string n, const std::vector<int64_t>& values) {
  ProtoWriter w;
  w.bytes(1, n).integer(20, 7);
  for (int64_t v : values) w.integer(8, v);
  encoded = w.data();
}
TestAttribute::TestAttribute(std::string n, const Tensor& value)
    : encoded(ProtoWriter().bytes(1, n).bytes(5, encode(value, "")).integer(20, 4).data()) {}

OnnxBuilder& OnnxBuilder::input(const std::string& name, const Shape& shape, DType dtype) {
  graph_.bytes(11, value_info(name, shape, dtype));
  return *this;
}

OnnxBuilder& OnnxBuilder::output(const std::string& name) {
  graph_.bytes(12, value_info(name, {}, DType::kFloat));
  return *this;
}

OnnxBuilder& OnnxBuilder::initializer(const std::string& name, const Tensor& value) {
  graph_.bytes(5, encode(value, name));
  return *this;
}

OnnxBuilder& OnnxBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs,
                               const std::vector<TestAttribute>& attributes, const std::string& domain) {
  ProtoWriter w;
  for (const std::string& name : inputs) w.bytes(1, name);
  for (const std::string& name : outputs) w.bytes(2, name);
  w.bytes(3, "n").bytes(4, op).bytes(7, domain);
  for (const TestAttribute& a : attributes) w.bytes(5, a.encoded);
  graph_.bytes(1, w.data());
  return *this;
}

std::string OnnxBuilder::model(int64_t opset) const {
  return ProtoWriter()
      .integer(1, 10)
      .bytes(7, graph_.data())
      .bytes(8, ProtoWriter().bytes(1, "").integer(2, opset).data())
      .data();
}

OnnxGraph load(const std::string& model) {
  return OnnxGraph::load(reinterpret_cast<const uint8_t*>(model.data()), model.size());
}

std::vector<Tensor> run_op(const std::string& op, const std::vector<Tensor>& inputs,
                           const std::vector<TestAttribute>& attributes, size_t n_outputs) {
  OnnxBuilder builder;
  std::vector<std::string> in_names, out_names;
  std::map<std::string, Tensor> values;
  for (const Tensor& t : inputs) {
    in_names.push_back("in" + std::to_string(in_names.size()));
    builder.input(in_names.back(), t.shape, t.dtype);
    values[in_names.back()] = t;
  }
  for (size_t i = 0; i < n_outputs; ++i) out_names.push_back("out" + std::to_string(i));
  builder.node(op, in_names, out_names, attributes);
  for (const std::string& name : out_names) builder.output(name);
  return load(builder.model()).run(values);
}

void expect_equal(const Tensor& got, const Tensor& expected, float limit) {
  ASSERT_EQ(got.dtype, expected.dtype);
  ASSERT_EQ(got.shape, expected.shape);
  EXPECT_EQ(got.ints, expected.ints);
  ASSERT_EQ(got.floats.size(), expected.floats.size());
  for (size_t i = 0; i < got.floats.size(); ++i) {
    const float a = got.floats[i], b = expected.floats[i];
    EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= limit)
        << "element " << i << ": " << a << ", expected " << b;
  }
}

}  // namespace dt::reference
