// Packed bundles: the archive, then what is in it.
#include <string>

#include "common/error.h"
#include "core/bundle.h"
#include "core/zip_source.h"
#include "tiny_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto source = dt::ZipSource::from_memory(data, size);
    for (const char* name : {"bundle.json", "denoiser.onnx", "i.safetensors", "a", ""}) {
      for (const size_t limit : {size_t{0}, size_t{1}, size_t{10}, size_t{1} << 22}) {
        try {
          if (source->read(name, limit).size() > limit) dt::fuzz::fault("more than the limit");
        } catch (const dt::Error&) {  // one file is damaged, another one may be whole
        }
      }
    }
    dt::load_bundle(*source);
  } catch (const dt::Error& e) {
    if (e.status() != DT_BAD_BUNDLE) dt::fuzz::fault(e.what());
  }
  // The same through the C ABI, which also runs the gate of the networks.
  size_t n = 0;
  char text[64];
  dt_bundle_read_memory(data, size, "bundle.json", text, sizeof(text), &n);
  return 0;
}
