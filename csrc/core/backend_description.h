// What a backend says of itself: known of every backend, installed or not.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/error.h"

namespace dt {

struct BackendDescription {
  std::string name;
  std::vector<std::string> precisions;  // that it accepts
  std::string default_precision;        // what "auto" means, one of them
  int auto_rank = 0;                    // backend "auto" tries the smallest first
  std::string as_fallback;              // what the log calls it when "auto" takes it in another's place
  std::string remedy;                   // what to do where its library is missing; empty: it is built in
  std::string build_remedy;             // what to do where the module itself is missing; empty: the same

  bool is_built_in() const { return remedy.empty(); }

  bool has(const std::string& precision) const {
    return std::find(precisions.begin(), precisions.end(), precision) != precisions.end();
  }
};

// "a, b and c".
inline std::string in_words(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

// Throws Error(DT_INVALID_ARGUMENT) for a precision that the backend does not accept.
inline void require_precision(const BackendDescription& backend, const std::string& precision) {
  if (backend.has(precision)) return;
  const bool is_one = backend.precisions.size() == 1;
  throw Error(DT_INVALID_ARGUMENT, "the " + backend.name + " backend has " +
                                       (is_one ? "precision " : "precisions ") +
                                       in_words(backend.precisions) + (is_one ? " only, not " : ", not ") +
                                       precision + ": use precision \"auto\" or another backend");
}

}  // namespace dt
