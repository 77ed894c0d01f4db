// The TensorRT module on a machine without a GPU, where it must load and say so.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "backend_support.h"

#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)

namespace dt::test {
namespace {

class TensorRtModule : public testing::Test {
 protected:
  void SetUp() override {
    void* module = dlopen(DT_TENSORRT_MODULE, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(module, nullptr) << dlerror();
    void* entry = dlsym(module, DT_EXPAND_STRING(DT_BACKEND_MODULE_ENTRY));
    ASSERT_NE(entry, nullptr) << dlerror();
    factory_ = reinterpret_cast<BackendModuleEntry>(entry)();
    ASSERT_NE(factory_, nullptr);
  }
  // Error of the body, which must be one that "auto" falls back from; skips the test where there is a GPU.
  template <typename Body>
  std::string refusal(Body&& body) {
    try {
      body();
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), DT_NO_BACKEND);
      return e.what();
    }
    return "";
  }
  const BackendFactory* factory_ = nullptr;
};

TEST_F(TensorRtModule, LoadsAnywhere) { EXPECT_EQ(factory_->description().name, "tensorrt"); }

TEST_F(TensorRtModule, WithoutAGpuIsOneSentence) {
  const std::string message = refusal([&] { factory_->probe(); });
  if (message.empty()) GTEST_SKIP() << "there is a GPU here";
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_FALSE(factory_->has_precision("f16"));
  EXPECT_EQ(refusal([&] { factory_->create(bundle_of_networks(), {}); }), message);
}

TEST_F(TensorRtModule, RefusesThePrecisionOfTheCpu) {
  BackendOptions options;
  options.precision = "bf16";
  EXPECT_NE(
      message_of([&] { factory_->create(bundle_of_networks(), options); }).find("f32 and f16, not bf16"),
      std::string::npos);
}

}  // namespace
}  // namespace dt::test
