#include "backends/reference/op.h"

#include "common/error.h"

namespace dt::reference {

void OpArgs::fail(const std::string& what) const {
  throw Error(DT_BAD_BUNDLE,
              "operator " + node_.op_type + " ('" + node_.name + "') of the ONNX file: " + what);
}

const Tensor& OpArgs::input(size_t i) const {
  require(has(i), "input " + std::to_string(i) + " is missing");
  return *inputs_[i];
}

const Tensor& OpArgs::float_input(size_t i) const {
  const Tensor& t = input(i);
  require(t.dtype == DType::kFloat,
          "input " + std::to_string(i) + " is " + dtype_name(t.dtype) + ", expected float32");
  return t;
}

const std::vector<int64_t>& OpArgs::ints_input(size_t i) const {
  const Tensor& t = input(i);
  require(t.dtype != DType::kFloat, "input " + std::to_string(i) + " is float32, expected int64");
  return t.ints;
}

float OpArgs::real_input(size_t i) const {
  const Tensor& t = float_input(i);
  require(t.size() == 1,
          "input " + std::to_string(i) + " has " + std::to_string(t.size()) + " values, expected 1");
  return t.floats[0];
}

const Attribute* OpArgs::attribute(const std::string& name) const {
  const auto found = node_.attributes.find(name);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

int64_t OpArgs::int_attribute(const std::string& name, int64_t otherwise) const {
  const Attribute* a = attribute(name);
  return a ? a->i : otherwise;
}

float OpArgs::float_attribute(const std::string& name, float otherwise) const {
  const Attribute* a = attribute(name);
  return a ? a->f : otherwise;
}

std::string OpArgs::string_attribute(const std::string& name, const std::string& otherwise) const {
  const Attribute* a = attribute(name);
  return a ? a->s : otherwise;
}

std::vector<int64_t> OpArgs::ints_attribute(const std::string& name) const {
  const Attribute* a = attribute(name);
  return a ? a->ints : std::vector<int64_t>();
}

std::vector<int64_t> OpArgs::axes(size_t i) const { return has(i) ? ints_input(i) : ints_attribute("axes"); }

}  // namespace dt::reference
