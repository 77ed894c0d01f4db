#include <cstdlib>
#include <cstring>

#include "place.h"

namespace dt::test {
namespace {

class Host : public Place {
 public:
  void* allocate(size_t bytes) override {
    memory_.emplace_back(bytes / sizeof(std::max_align_t) + 1);
    return memory_.back().data();
  }
  void write(void* to, const void* from, size_t bytes) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void read(void* to, const void* from, size_t bytes) override { write(to, from, bytes); }

  void sampler_step(const SamplerStepArgs& args) override { sampler_step_ref(args); }
  void noise_fill(const NoiseFillArgs& args) override { noise_fill_ref(args); }
  void put_past(const PastCarryArgs& args) override { put_past_ref(args); }
  void keep_past(const PastCarryArgs& args) override { keep_past_ref(args); }
  void denormalise(const DenormaliseArgs& args) override { denormalise_ref(args); }
  void rig(const RigArgs& args) override { rig_ref(args); }

 private:
  std::vector<std::vector<std::max_align_t>> memory_;
};

}  // namespace

std::unique_ptr<Place> make_host() { return std::make_unique<Host>(); }

uint32_t test_seed() {
  const char* text = std::getenv("DT_TEST_SEED");
  return text == nullptr ? 1 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

#if !defined(DT_WITH_CUDA)
std::unique_ptr<Place> make_device(std::string* reason) {
  *reason = "built without CUDA (-DDT_WITH_CUDA=ON)";
  return nullptr;
}
#endif

}  // namespace dt::test
