// Files of tensors: the runtime's reader.
#include <string>

#include "common/error.h"
#include "core/safetensors.h"
#include "tiny_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"identities", "template", "mean", "basis"}) {
    for (size_t n_dims = 1; n_dims <= 3; ++n_dims) {
      try {
        const dt::TensorView view = dt::find_tensor(bytes, "file", name, n_dims);
        const dt::Matrix matrix = dt::read_rows(view, "file", name);
        dt::fuzz::expect_finite(matrix.data.data(), matrix.data.size(), "a tensor that is not finite");
      } catch (const dt::Error& e) {
        if (e.status() != DT_BAD_BUNDLE) dt::fuzz::fault(e.what());
      }
    }
  }
  return 0;
}
