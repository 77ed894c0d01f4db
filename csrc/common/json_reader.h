// Reads JSON strictly: every failure is a DT_BAD_BUNDLE that names the file and the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "common/json_tree.h"

namespace dt {

// A JSON value together with where it stands ("motion.std"). Refers to the document, which must outlive it.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& value, std::string file, std::string path = "")
      : value_(value), file_(std::move(file)), path_(std::move(path)) {}

  bool has(const std::string& key) const;  // whether this is an object with the member `key`
  // The member `key`; missing is an error.
  JsonReader at(const std::string& key) const;
  JsonReader at(size_t index) const;

  // Refuses members that are not in `keys`, so that a misspelt key is never ignored.
  void allow_only(std::initializer_list<const char*> keys) const;

  bool is_null() const;
  bool boolean() const;
  std::string string() const;
  int64_t integer(int64_t low, int64_t high) const;
  double number() const;  // finite
  size_t array_size() const;
  std::vector<float> floats(size_t n) const;  // exactly n finite numbers
  // One number, which stands for all n, or exactly n of them.
  std::vector<float> one_or_floats(size_t n) const;
  // 1 to `most` names, each not empty, of at most kMaxNameBytes bytes, and there once.
  std::vector<std::string> unique_strings(size_t most) const;
  // A name that people read and programs ask for. Fails when it is empty or longer than kMaxNameBytes.
  std::string name() const;
  // The names of an object's members, at most `most` of them.
  std::vector<std::string> object_keys(size_t most = SIZE_MAX) const;

  // Throws "<file>: <path> <problem>".
  [[noreturn]] void fail(const std::string& problem) const;
  // The same about element `index` of what one_or_floats() read.
  [[noreturn]] void fail_at(size_t index, const std::string& problem) const;

 private:
  float float32() const;

  const nlohmann::json& value_;
  std::string file_;
  std::string path_;
};

// Most bytes of a name.
constexpr size_t kMaxNameBytes = 256;

// What a document may hold (core/budget.h has the numbers). A text beyond it is refused while it is read,
// before its values take memory.
struct JsonLimits {
  size_t bytes;   // of the text
  size_t values;  // numbers, texts, objects and all others
  size_t keys;    // of all objects together
  size_t depth;   // of objects and arrays inside each other
};

// A parsed file.
class JsonDocument {
 public:
  // Throws DT_BAD_BUNDLE with the position of the fault: a text that is no JSON, is beyond `limits`, or has a
  // key twice in one object. file: its name, for messages.
  JsonDocument(const char* data, size_t n, const std::string& file, const JsonLimits& limits);
  ~JsonDocument();
  JsonReader root() const { return JsonReader(*value_, file_); }

 private:
  JsonTree value_;  // behind a pointer, because the full header is slow to compile
  std::string file_;
};

}  // namespace dt
