// A parsed JSON text that can be freed when there is no memory left. The library's own destructor collects
// the values of a tree in a list, which allocates, and where that fails the process ends.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dt {

struct FreeJson {
  void operator()(nlohmann::json* tree) const noexcept;
};
using JsonTree = std::unique_ptr<nlohmann::json, FreeJson>;

// Sees what a parser meets, before it is kept, and may throw to stop it.
class JsonWatch {
 public:
  virtual ~JsonWatch() = default;
  // depth: of the objects and arrays around it. What frees a tree calls itself so many times: a watch has to
  // set a limit.
  virtual void opens(size_t depth, bool is_object) = 0;
  virtual void key(const std::string& name) = 0;
  virtual void value() = 0;  // neither object nor array
  virtual void closes(bool is_object) = 0;
};

// Throws nlohmann::json::exception with the place of a fault, std::bad_alloc, and what the watch throws. Of a
// key that an object has twice the last one holds.
JsonTree parse_json(const char* data, size_t n, JsonWatch* watch);

}  // namespace dt
