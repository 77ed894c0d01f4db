#include "common/json_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "common/error.h"

namespace dt {

void JsonReader::fail(const std::string& problem) const {
  std::string message = file_ + ": " + (path_.empty() ? "the document" : path_) + " " + problem;
  std::replace(message.begin(), message.end(), '\0', '?');  // a 0 of the document would end the message
  throw Error(DT_BAD_BUNDLE, message);
}

void JsonReader::fail_at(size_t index, const std::string& problem) const {
  (value_.is_array() ? at(index) : *this).fail(problem);
}

bool JsonReader::has(const std::string& key) const { return value_.is_object() && value_.contains(key); }

JsonReader JsonReader::at(const std::string& key) const {
  if (!value_.is_object()) fail("is not an object");
  const std::string path = path_.empty() ? key : path_ + "." + key;
  const auto it = value_.find(key);
  if (it == value_.end()) throw Error(DT_BAD_BUNDLE, file_ + ": the key " + path + " is missing");
  return JsonReader(*it, file_, path);
}

JsonReader JsonReader::at(size_t index) const {
  if (index >= array_size()) fail("has no element " + std::to_string(index));
  return JsonReader(value_[index], file_, path_ + "[" + std::to_string(index) + "]");
}

void JsonReader::allow_only(std::initializer_list<const char*> keys) const {
  for (const std::string& key : object_keys()) {
    const bool known = std::any_of(keys.begin(), keys.end(),
                                   [&](const char* k) { return std::strcmp(k, key.c_str()) == 0; });
    if (!known) fail("has the unknown key \"" + key + "\"");
  }
}

bool JsonReader::is_null() const { return value_.is_null(); }

bool JsonReader::boolean() const {
  if (!value_.is_boolean()) fail("must be true or false");
  return value_.get<bool>();
}

std::string JsonReader::string() const {
  if (!value_.is_string()) fail("is not a string");
  return value_.get<std::string>();
}

int64_t JsonReader::integer(int64_t low, int64_t high) const {
  if (!value_.is_number_integer()) fail("is not an integer");
  // An unsigned value above the signed range would wrap; it is out of every range used here.
  const bool huge = value_.is_number_unsigned() && value_.get<uint64_t>() > uint64_t{INT64_MAX};
  const int64_t number = huge ? 0 : value_.get<int64_t>();
  if (huge || number < low || number > high) {
    fail("is " + value_.dump() + ", expected " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

double JsonReader::number() const {
  if (!value_.is_number()) fail("is not a number");
  const double number = value_.get<double>();
  if (!std::isfinite(number)) fail("is not finite");
  return number;
}

float JsonReader::float32() const {
  const auto value = static_cast<float>(number());
  if (!std::isfinite(value)) fail("does not fit a float32");
  return value;
}

size_t JsonReader::array_size() const {
  if (!value_.is_array()) fail("is not an array");
  return value_.size();
}

std::vector<float> JsonReader::floats(size_t n) const {
  const size_t size = array_size();
  if (size != n) fail("has " + std::to_string(size) + " numbers, expected " + std::to_string(n));
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i) {
    // at() builds the path of the element, which is only worth its time for a message.
    const float value = value_[i].is_number() ? value_[i].get<float>() : NAN;
    out[i] = std::isfinite(value) ? value : at(i).float32();
  }
  return out;
}

std::vector<float> JsonReader::one_or_floats(size_t n) const {
  return value_.is_number() ? std::vector<float>(n, float32()) : floats(n);
}

std::string JsonReader::name() const {
  std::string text = string();
  if (text.empty()) fail("is empty");
  if (text.size() > kMaxNameBytes) {
    fail("has " + std::to_string(text.size()) + " bytes, a name has at most " +
         std::to_string(kMaxNameBytes));
  }
  return text;
}

std::vector<std::string> JsonReader::unique_strings(size_t most) const {
  const size_t n = array_size();
  if (n == 0) fail("is empty");
  if (n > most) fail("has " + std::to_string(n) + " names, expected 1 to " + std::to_string(most));
  std::vector<std::string> out;
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < n; ++i) {
    std::string text = at(i).name();
    if (!seen.insert(text).second) at(i).fail("repeats \"" + text + "\"");
    out.push_back(std::move(text));
  }
  return out;
}

std::vector<std::string> JsonReader::object_keys(size_t most) const {
  if (!value_.is_object()) fail("is not an object");
  if (value_.size() > most) {
    fail("has " + std::to_string(value_.size()) + " members, expected at most " + std::to_string(most));
  }
  std::vector<std::string> keys;
  for (const auto& item : value_.items()) keys.push_back(item.key());
  return keys;
}

namespace {

// Counts what the parser meets, and stops it at the limits of a document.
class Counter : public JsonWatch {
 public:
  Counter(const std::string& file, const JsonLimits& limits) : file_(file), limits_(limits) {}

  void opens(size_t depth, bool is_object) override {
    count(&values_, limits_.values, "values");
    if (depth >= limits_.depth) {
      refuse("nests objects and arrays more than " + std::to_string(limits_.depth) + " deep");
    }
    if (is_object) keys_of_open_.emplace_back();
  }
  void key(const std::string& name) override {
    count(&keys_, limits_.keys, "keys");
    if (!keys_of_open_.back().insert(name).second) refuse("has the key \"" + name + "\" twice in one object");
  }
  void value() override { count(&values_, limits_.values, "values"); }
  void closes(bool is_object) override {
    if (is_object) keys_of_open_.pop_back();
  }

 private:
  void count(size_t* n, size_t limit, const char* what) {
    if (++*n > limit) refuse("has more than " + std::to_string(limit) + " " + what);
  }
  [[noreturn]] void refuse(const std::string& what) const { throw Error(DT_BAD_BUNDLE, file_ + " " + what); }

  const std::string& file_;
  const JsonLimits limits_;
  size_t values_ = 0, keys_ = 0;
  std::vector<std::unordered_set<std::string>> keys_of_open_;  // of the objects that are not closed yet
};

}  // namespace

JsonDocument::JsonDocument(const char* data, size_t n, const std::string& file, const JsonLimits& limits)
    : file_(file) {
  if (n > limits.bytes) {
    throw Error(DT_BAD_BUNDLE, file + " is longer than " + std::to_string(limits.bytes) + " bytes of JSON");
  }
  Counter counter(file_, limits);
  try {
    value_ = parse_json(data, n, &counter);
  } catch (const nlohmann::json::exception& e) {
    throw Error(DT_BAD_BUNDLE, file + " is not valid JSON: " + e.what());
  }
}

JsonDocument::~JsonDocument() = default;

}  // namespace dt
