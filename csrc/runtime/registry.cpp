#include "runtime/registry.h"

#include <map>
#include <mutex>

#include "backends/reference/reference_backend.h"
#include "common/error.h"
#include "runtime/module.h"

namespace dt {

const BackendFactory& find_backend(const std::string& name) {
  if (name == "reference") return reference_backend_factory();
  std::string remedy;
  if (name == "openvino") remedy = "pip install \"openvino==" DT_OPENVINO_VERSION "\"";
  if (name == "tensorrt")
    remedy = "it needs an NVIDIA GPU and a build with TensorRT, as docs/tensorrt.md tells";
  if (remedy.empty()) {
    throw Error(DT_INVALID_ARGUMENT,
                "unknown backend \"" + name + "\": there are auto, openvino, reference and tensorrt");
  }
  static std::mutex mutex;
  static std::map<std::string, const BackendFactory*>
      loaded;  // failures are not kept: the user may install it
  const std::lock_guard<std::mutex> lock(mutex);
  const BackendFactory*& factory = loaded[name];
  if (factory == nullptr) {
    try {
      factory = load_backend_module(name);
    } catch (const Error& e) {
      throw Error(e.status(), std::string(e.what()) + "; " + remedy);
    }
  }
  return *factory;
}

}  // namespace dt
