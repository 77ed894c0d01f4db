// How TensorRT-RTX is told to compile at once, and where its kernels are kept, with stand-ins for its
// classes.
#include "backends/tensorrt/rtx_kernels.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace dt::test {
namespace {

enum class Allocation { kSTATIC, kUSER_MANAGED };
enum class Strategy { kLAZY, kEAGER };

struct HostMemory {
  std::string bytes;
  const void* data() const { return bytes.data(); }
  size_t size() const { return bytes.size(); }
};

// The kernels of the "library", with the version that every file begins with.
struct Cache {
  std::string kernels = "v2:";
  bool deserialize(const void* data, size_t size) {
    const std::string bytes(static_cast<const char*>(data), size);
    if (bytes.substr(0, 3) != "v2:") return false;
    kernels = bytes;
    return true;
  }
  HostMemory* serialize() { return new HostMemory{kernels}; }
};

struct Config {
  Allocation allocation = Allocation::kSTATIC;
  Strategy strategy = Strategy::kLAZY;
  Cache* cache = nullptr;
  Allocation getExecutionContextAllocationStrategy() const { return allocation; }
  void setExecutionContextAllocationStrategy(Allocation a) { allocation = a; }
  Strategy getDynamicShapesKernelSpecializationStrategy() const { return strategy; }
  void setDynamicShapesKernelSpecializationStrategy(Strategy s) { strategy = s; }
  Cache* createRuntimeCache() { return new Cache(); }
  bool setRuntimeCache(Cache& c) {
    cache = &c;
    return true;
  }
};

struct RtxEngine {
  bool gives_config = true;
  Config* createRuntimeConfig() { return gives_config ? new Config() : nullptr; }
};

struct PlainConfig {
  Allocation getExecutionContextAllocationStrategy() const { return Allocation::kSTATIC; }
};
struct PlainEngine {  // of TensorRT's headers, which have neither kernels to compile nor a file of them
  PlainConfig* createRuntimeConfig() { return nullptr; }
};
struct OldEngine {};  // of headers before 10.11

class RtxKernelsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("rtx_kernels_" + std::to_string(reinterpret_cast<uintptr_t>(this)));
    std::filesystem::create_directories(folder_);
    file_ = folder_ / "kernels.cache";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string content() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      found.push_back(entry.path().filename().string());
    }
    return found;
  }

  RtxEngine engine_;
  std::filesystem::path folder_, file_;
};

TEST_F(RtxKernelsTest, ContextsCompileAtOnceAndHaveNoMemoryOfTheirOwn) {
  RtxKernels<RtxEngine> kernels(file_);
  const auto config = kernels.configure(engine_), other = kernels.configure(engine_);
  EXPECT_EQ(config->strategy, Strategy::kEAGER);
  EXPECT_EQ(config->allocation, Allocation::kUSER_MANAGED);
  ASSERT_NE(config->cache, nullptr);
  EXPECT_EQ(config->cache, other->cache) << "one for all engines of a set";
}

TEST_F(RtxKernelsTest, AnEngineWithoutConfigurationsGivesNone) {
  engine_.gives_config = false;
  RtxKernels<RtxEngine> kernels(file_);
  EXPECT_EQ(kernels.configure(engine_), nullptr);
  kernels.save();
  EXPECT_TRUE(names().empty());
}

TEST_F(RtxKernelsTest, WhatWasCompiledIsThereForTheNextProcess) {
  {
    RtxKernels<RtxEngine> kernels(file_);
    kernels.configure(engine_)->cache->kernels += "a";
    kernels.save();
    EXPECT_EQ(content(), "v2:a");
    kernels.configure(engine_)->cache->kernels += "b";
    kernels.save();
  }
  EXPECT_EQ(content(), "v2:ab");
  EXPECT_EQ(names(), std::vector<std::string>{"kernels.cache"});
  RtxKernels<RtxEngine> again(file_);
  EXPECT_EQ(again.configure(engine_)->cache->kernels, "v2:ab");
  std::filesystem::remove(file_);
  again.save();
  EXPECT_TRUE(names().empty()) << "nothing new, nothing to write";
}

TEST_F(RtxKernelsTest, AFileOfAnotherVersionIsReplaced) {
  std::ofstream(file_, std::ios::binary) << "v1:old";
  RtxKernels<RtxEngine> kernels(file_);
  EXPECT_EQ(kernels.configure(engine_)->cache->kernels, "v2:");
  kernels.save();
  EXPECT_EQ(content(), "v2:");
}

TEST_F(RtxKernelsTest, AFolderThatIsNotThereIsNoFault) {
  RtxKernels<RtxEngine> kernels(folder_ / "nowhere" / "kernels.cache");
  EXPECT_NE(kernels.configure(engine_), nullptr);
  kernels.save();
  EXPECT_TRUE(names().empty());
}

TEST(RtxKernels, OtherHeadersHaveNothingToTell) {
  static_assert(RtxKernels<RtxEngine>::kIsThere);
  static_assert(!RtxKernels<PlainEngine>::kIsThere);
  static_assert(!RtxKernels<OldEngine>::kIsThere);
  RtxKernels<OldEngine>("nowhere").save();
}

}  // namespace
}  // namespace dt::test
