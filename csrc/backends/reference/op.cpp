#include "backends/reference/op.h"

#include "common/checked_size.h"
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
  require(!t.is_outline, "input " + std::to_string(i) +
                             " sets a size, and has too many values or depends on what the network is given");
  return t.ints;
}

float OpArgs::real_input(size_t i) const {
  const Tensor& t = float_input(i);
  require(t.size() == 1,
          "input " + std::to_string(i) + " has " + std::to_string(t.size()) + " values, expected 1");
  return t.is_outline ? 0.0f : t.floats[0];
}

bool OpArgs::wants_outline(const Shape& result) const {
  for (const Tensor* input : inputs_) {
    if (input != nullptr && input->is_outline) return true;
  }
  return meter_ != nullptr && n_elements(result) > kMaxSizeElements;
}

void OpArgs::count_products(int64_t m, int64_t n, int64_t k, int64_t times) const {
  if (meter_ == nullptr) return;
  const uint64_t limit = meter_->limit.products;
  const auto u = [](int64_t size) { return static_cast<uint64_t>(size); };
  const bool fits = product_fits({u(m), u(n), u(k), u(times)}, limit - meter_->cost.products);
  require(fits, "the network multiplies more than " + std::to_string(limit) + " pairs of numbers");
  meter_->cost.products += u(m) * u(n) * u(k) * u(times);
}

void OpArgs::count_numbers(int64_t n) const {
  if (meter_ == nullptr) return;
  const uint64_t limit = meter_->limit.numbers;
  require(static_cast<uint64_t>(n) <= limit - meter_->cost.numbers,
          "the network computes more than " + std::to_string(limit) + " numbers");
  meter_->cost.numbers += static_cast<uint64_t>(n);
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
