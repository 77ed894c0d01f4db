// Entry of the module libdiffusiontalker_openvino.
#include <algorithm>
#include <vector>

#include "backends/openvino/ov_backend.h"
#include "backends/openvino/ov_description.h"
#include "common/error.h"

namespace dt {
namespace {

class OvFactory : public BackendFactory {
 public:
  const BackendDescription& description() const override { return description_; }

  void probe() const override {
    // Loads the CPU plugin; that is where a broken installation shows.
    try {
      ov::Core().get_property("CPU", ov::device::full_name);
    } catch (const std::exception& e) {
      throw Error(DT_NO_BACKEND, std::string("OpenVINO has no usable CPU plugin (") + e.what() +
                                     "); pip install --force-reinstall \"openvino==" DT_OPENVINO_VERSION
                                     "\"");
    }
  }

  bool has_precision(const std::string& precision) const override {
    if (precision == "f32") return true;
    if (precision != "bf16") return false;
    try {
      const std::vector<std::string> has = ov::Core().get_property("CPU", ov::device::capabilities);
      return std::find(has.begin(), has.end(), ov::device::capability::BF16) != has.end();
    } catch (const std::exception&) {
      return false;
    }
  }

  std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const override {
    probe();
    require_precision(description_, options.precision);
    if (options.precision == "bf16" && !has_precision("bf16")) {
      throw Error(DT_INVALID_ARGUMENT, "this processor has no bf16 arithmetic: use precision \"f32\"");
    }
    return std::make_unique<OvBackend>(bundle, options);
  }

 private:
  const BackendDescription description_ = openvino_description();
};

}  // namespace
}  // namespace dt

extern "C" DT_MODULE_EXPORT const dt::BackendFactory* DT_BACKEND_MODULE_ENTRY() {
  static const dt::OvFactory factory;
  return &factory;
}
