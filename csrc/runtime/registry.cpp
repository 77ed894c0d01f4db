#include "runtime/registry.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/cpu_description.h"
#include "backends/openvino/ov_description.h"
#include "backends/reference/reference_backend.h"
#include "backends/reference/reference_description.h"
#include "backends/tensorrt/trt_description.h"
#include "common/error.h"
#include "runtime/module.h"

namespace dt {
namespace {

struct Entry {
  BackendDescription description;
  const BackendFactory& (*built_in)();  // null: it is a module
};

// The one list of backends, by name.
const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{{cpu_description(), &cpu_backend_factory},
                                      {openvino_description(), nullptr},
                                      {reference_description(), &reference_backend_factory},
                                      {tensorrt_description(), nullptr}};
  return all;
}

const Entry& find_entry(const std::string& name) {
  std::vector<std::string> names{"auto"};
  for (const Entry& e : entries()) {
    if (e.description.name == name) return e;
    names.push_back(e.description.name);
  }
  throw Error(DT_INVALID_ARGUMENT, "unknown backend \"" + name + "\": there are " + in_words(names));
}

}  // namespace

const std::vector<BackendDescription>& backend_descriptions() {
  static const std::vector<BackendDescription> all = [] {
    std::vector<BackendDescription> found;
    for (const Entry& e : entries()) found.push_back(e.description);
    return found;
  }();
  return all;
}

const std::vector<BackendDescription>& backends_for_auto() {
  static const std::vector<BackendDescription> sorted = [] {
    std::vector<BackendDescription> all = backend_descriptions();
    std::sort(all.begin(), all.end(), [](const BackendDescription& a, const BackendDescription& b) {
      return a.auto_rank < b.auto_rank;
    });
    return all;
  }();
  return sorted;
}

const std::vector<std::string>& known_precisions() {
  static const std::vector<std::string> known = [] {
    std::vector<std::string> found;
    for (const BackendDescription& d : backend_descriptions()) {
      for (const std::string& p : d.precisions) {
        if (std::find(found.begin(), found.end(), p) == found.end()) found.push_back(p);
      }
    }
    return found;
  }();
  return known;
}

const BackendDescription& describe_backend(const std::string& name) { return find_entry(name).description; }

const std::string& remedy_of(const BackendDescription& d) {
  const bool is_missing = !d.is_built_in() && !has_backend_module(d.name);
  return is_missing && !d.build_remedy.empty() ? d.build_remedy : d.remedy;
}

const BackendFactory& find_backend(const std::string& name) {
  const Entry& entry = find_entry(name);
  if (entry.built_in != nullptr) return entry.built_in();
  static std::mutex mutex;
  static std::map<std::string, const BackendFactory*>
      loaded;  // failures are not kept: the user may install it
  const std::lock_guard<std::mutex> lock(mutex);
  const BackendFactory*& factory = loaded[name];
  if (factory == nullptr) {
    try {
      factory = load_backend_module(name);
    } catch (const Error& e) {
      throw Error(e.status(), std::string(e.what()) + "; " + remedy_of(entry.description));
    }
  }
  return *factory;
}

}  // namespace dt
