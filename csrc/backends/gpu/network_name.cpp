#include "backends/gpu/gpu_engine.h"

namespace dt {

const char* network_name(Network network) {
  switch (network) {
    case Network::kAudioEncoder:
      return "audio_encoder";
    case Network::kDenoiser:
      return "denoiser";
    case Network::kConditioner:
      return "conditioner";
    case Network::kStyleEncoder:
      return "style_encoder";
  }
  return "unknown";
}

}  // namespace dt
