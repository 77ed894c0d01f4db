#include <cstdlib>

#include "place_memory.h"

namespace dt::test {
namespace {

class Host : public HostMemory {
 public:
  void sampler_step(const SamplerStepArgs& args) override { sampler_step_ref(args); }
  void noise_fill(const NoiseFillArgs& args) override { noise_fill_ref(args); }
  void put_past(const PastCarryArgs& args) override { put_past_ref(args); }
  void keep_past(const PastCarryArgs& args) override { keep_past_ref(args); }
  void denormalise(const DenormaliseArgs& args) override { denormalise_ref(args); }
  void rig(const RigArgs& args) override { rig_ref(args); }
};

}  // namespace

std::unique_ptr<Place> make_host() { return std::make_unique<Host>(); }

uint32_t test_seed() {
  const char* text = std::getenv("DT_TEST_SEED");
  return text == nullptr ? 1 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

}  // namespace dt::test
