// Where a kernel of the suite runs: its reference, on the host; its own source, on the host too
// (place_kernels.cpp); its machine code, on a CUDA device (place_cuda.cpp). One body tests all.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/denormalise.h"
#include "kernels/noise.h"
#include "kernels/past_carry.h"
#include "kernels/rig.h"
#include "kernels/sampler_step.h"

namespace dt::test {

class Place {
 public:
  virtual ~Place() = default;
  // Memory that the kernels reach, freed with the place.
  virtual void* allocate(size_t bytes) = 0;
  virtual void write(void* to, const void* from, size_t bytes) = 0;
  // Waits for the kernels before.
  virtual void read(void* to, const void* from, size_t bytes) = 0;

  virtual void sampler_step(const SamplerStepArgs& args) = 0;
  virtual void noise_fill(const NoiseFillArgs& args) = 0;
  virtual void put_past(const PastCarryArgs& args) = 0;
  virtual void keep_past(const PastCarryArgs& args) = 0;
  virtual void denormalise(const DenormaliseArgs& args) = 0;
  virtual void rig(const RigArgs& args) = 0;

  // A copy of values; `shift` more values in front of it spoil its alignment.
  template <typename T>
  T* put(const std::vector<T>& values, size_t shift = 0) {
    T* memory = static_cast<T*>(allocate((values.size() + shift) * sizeof(T))) + shift;
    write(memory, values.data(), values.size() * sizeof(T));
    return memory;
  }
  template <typename T>
  std::vector<T> get(const T* memory, size_t n) {
    std::vector<T> values(n);
    read(values.data(), memory, n * sizeof(T));
    return values;
  }
};

std::unique_ptr<Place> make_host();
// The places beside the host that this program was linked with, and one of them; null where there is none on
// this machine, and *reason says why.
std::vector<std::string> device_names();
std::unique_ptr<Place> make_device(const std::string& name, std::string* reason);

inline std::vector<std::string> place_names() {
  std::vector<std::string> names = device_names();
  names.insert(names.begin(), "host");
  return names;
}

// Runs a test on "host" and on the others; a GPU that is not there skips it, with the reason.
class OnEveryPlace : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    host_ = make_host();
    std::string reason;
    if (is_device()) device_ = make_device(GetParam(), &reason);
    if (is_device() && device_ == nullptr) GTEST_SKIP() << reason;
  }
  bool is_device() const { return GetParam() != "host"; }
  Place& place() { return is_device() ? *device_ : *host_; }
  Place& host() { return *host_; }  // the judge of the device's bits

 private:
  std::unique_ptr<Place> host_, device_;
};

#define DT_ON_EVERY_PLACE(suite)                                             \
  INSTANTIATE_TEST_SUITE_P(Kernels, suite, testing::ValuesIn(place_names()), \
                           [](const testing::TestParamInfo<std::string>& i) { return i.param; })

// Random cases are repeatable: DT_TEST_SEED sets another seed than 1, and every failure tells it.
uint32_t test_seed();

inline std::vector<float> random_floats(size_t n, std::mt19937* engine, float scale = 1.0f) {
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(n);
  for (float& v : values) v = normal(*engine);
  return values;
}

}  // namespace dt::test
