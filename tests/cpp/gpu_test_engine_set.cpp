// The sidecar of compiled engines: what is checked before a library sees them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "backends/gpu/engine_set.h"
#include "common/sha256.h"
#include "tiny_bundle.h"

namespace dt::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Engines : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            (std::string("dt_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  static json sidecar(const std::string& plan) {
    json root = json::parse(R"({"format": 1, "identity": {
      "bundle_sha256": "aa", "library": "tensorrt-rtx", "library_version": "1.7.1.116",
      "gpu": {"name": "NVIDIA H200", "compute_capability": "9.0"}, "precision": "f16", "windows": [27],
      "batches": [1, 8], "options": {"version_compatible": false, "same_compute_capability": false, "opt_level": 3}},
      "engines": [{"network": "denoiser", "file": "denoiser-w27.plan", "window": 27,
                   "profiles": [{"batch": 1}, {"batch": 8}], "build_s": 1.5, "fp16_layers": 3, "layers": 9}],
      "built": {"at": "2026-11-22"}})");
    root["engines"][0]["bytes"] = plan.size();
    root["engines"][0]["sha256"] = sha256_hex(reinterpret_cast<const uint8_t*>(plan.data()), plan.size());
    return root;
  }
  static std::string plan() { return std::string(24, 'p') + "\x01\x07\x01\x74" + std::string(100, 'q'); }
  std::string write(const json& root, const std::string& name = "set", const std::string& bytes = plan()) {
    const fs::path folder = root_ / name;
    fs::create_directories(folder);
    std::ofstream(folder / "engines.json") << root.dump();
    std::ofstream(folder / "denoiser-w27.plan", std::ios::binary) << bytes;
    return folder.u8string();
  }
  static EngineUser user() { return {"aa", "tensorrt-rtx", "1.7.1", "NVIDIA H200", "9.0", "f16", false, 27}; }
  // The message of using the set; every fault must be one that "auto" can fall back from.
  std::string use(const std::string& folder, const EngineUser& who = user()) {
    try {
      const EngineSet set = find_engine_set(folder, who);
      read_plan(set, set.engines.at(0));
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), DT_NO_BACKEND) << e.what();
      return e.what();
    }
    return "";
  }
  std::string changed(const std::function<void(json&)>& change) {
    json root = sidecar(plan());
    change(root);
    return use(write(root));
  }

  fs::path root_;
};

// The limits of the format: 1 MiB, and no depth that takes the stack.
TEST_F(Engines, SidecarBeyondItsLimitsIsRefused) {
  const std::string folder = write(sidecar(plan()));
  const auto with = [&](const std::string& text) {
    std::ofstream(fs::u8path(folder) / "engines.json", std::ios::binary) << text;
    return use(folder);
  };
  const std::string good = sidecar(plan()).dump();
  EXPECT_EQ(with(good + std::string((1 << 20) - good.size(), ' ')), "");
  EXPECT_NE(with(good + std::string((1 << 20) - good.size() + 1, ' ')).find("is too large"),
            std::string::npos);
  EXPECT_NE(with(std::string(500000, '[')).find("more than 16 deep"), std::string::npos);
  EXPECT_NE(with(R"({"format": 1, "format": 1})").find("twice in one object"), std::string::npos);
  EXPECT_NE(changed([](json& root) { root["engines"][0]["file"] = "NUL.plan"; }).find("plain file name"),
            std::string::npos);
}

TEST_F(Engines, AreReadWhenEverythingFits) {
  const std::string folder = write(sidecar(plan()));
  const EngineSet set = find_engine_set(folder, user());
  const EngineEntry* entry = set.find(Network::kDenoiser, 27);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->batches, (std::vector<size_t>{1, 8}));
  EXPECT_EQ(read_plan(set, *entry), plan());
  EXPECT_EQ(set.find(Network::kDenoiser, 60), nullptr);
}

TEST_F(Engines, OfSomethingElseAreRefusedWithTheReason) {
  const auto contains = [&](const std::function<void(EngineUser&)>& change, const std::string& text) {
    EngineUser who = user();
    change(who);
    const std::string message = use(write(sidecar(plan())), who);
    EXPECT_NE(message.find(text), std::string::npos) << message;
    EXPECT_NE(message.find("diffusiontalker engine build"), std::string::npos) << message;
  };
  contains([](EngineUser& u) { u.bundle_sha256 = "bb"; }, "another bundle");
  contains([](EngineUser& u) { u.library = "tensorrt"; }, "tensorrt-rtx 1.7.1.116, not with tensorrt,");
  contains([](EngineUser& u) { u.library_version = "1.7.11"; }, "not with 1.7.11");
  contains([](EngineUser& u) { u.gpu_name = "NVIDIA L4"; },
           "made for NVIDIA H200 (9.0), this GPU is NVIDIA L4");
  contains([](EngineUser& u) { u.compute_capability = "8.9"; }, "(8.9)");
  contains([](EngineUser& u) { u.precision = "f32"; }, "precision f16, asked for is f32");
}

TEST_F(Engines, ForEveryGpuOrForItsKindAreTaken) {
  EngineUser other = user();
  other.gpu_name = "NVIDIA H100";
  json root = sidecar(plan());
  root["identity"]["gpu"] = nullptr;
  EXPECT_EQ(use(write(root), other), "");
  root = sidecar(plan());
  root["identity"]["options"]["same_compute_capability"] = true;
  EXPECT_EQ(use(write(root), other), "");
}

TEST_F(Engines, WithNativeCodeNeedPermission) {
  json root = sidecar(plan());
  root["identity"]["options"]["version_compatible"] = true;
  EngineUser who = user();
  who.library_version = "1.9.0";
  EXPECT_NE(use(write(root), who).find("carry native code"), std::string::npos);
  who.allow_host_code = true;
  EXPECT_EQ(use(write(root), who), "");
  who.library_version = "0.9";
  EXPECT_NE(use(write(root), who).find("not with 0.9"), std::string::npos);
}

TEST_F(Engines, DamagedFilesAreRefused) {
  std::string damaged = plan();
  damaged[60] = 'x';
  EXPECT_NE(use(write(sidecar(plan()), "set", damaged)).find("is damaged"), std::string::npos);
  EXPECT_NE(use(write(sidecar(plan()), "set", plan().substr(0, 50))).find("is damaged"), std::string::npos);
  EXPECT_NE(use(write(sidecar("short"), "set", "short")).find("is no engine"), std::string::npos);
  std::string old = plan();
  old[25] = 6;
  EXPECT_NE(use(write(sidecar(old), "set", old)).find("of version 1.6.1.116"), std::string::npos);
  const std::string folder = write(sidecar(plan()));
  fs::remove(fs::path(folder) / "denoiser-w27.plan");
  EXPECT_NE(use(folder).find("cannot be read"), std::string::npos);
}

TEST_F(Engines, ABrokenSidecarIsOneSentence) {
  EXPECT_NE(changed([](json& j) { j["format"] = 2; }).find("has format 2"), std::string::npos);
  EXPECT_NE(changed([](json& j) { j["engines"][0]["file"] = "../x.plan"; }).find("plain file name"),
            std::string::npos);
  EXPECT_NE(changed([](json& j) { j["engines"][0]["network"] = "x"; }).find("no network"), std::string::npos);
  EXPECT_NE(changed([](json& j) { j["engines"][0]["profiles"] = json::array(); }).find("is empty"),
            std::string::npos);
  EXPECT_NE(
      changed([](json& j) { j["identity"]["options"]["version_compatible"] = 3; }).find("true or false"),
      std::string::npos);
  EXPECT_NE(changed([](json& j) { j["identity"].erase("precision"); }).find("precision"), std::string::npos);
  const std::string folder = write(sidecar(plan()));
  std::ofstream(fs::path(folder) / "engines.json") << "{\"format\": 1,";
  EXPECT_NE(use(folder).find("engines.json"), std::string::npos);
  EXPECT_NE(use((root_ / "nowhere").u8string()).find("no engines in"), std::string::npos);
}

#if !defined(_WIN32)
TEST_F(Engines, AreFoundInTheUsersCache) {
  const char* old = std::getenv("XDG_CACHE_HOME");
  const std::string kept = old == nullptr ? "" : old;
  setenv("XDG_CACHE_HOME", root_.c_str(), 1);
  EXPECT_NE(use("").find("there are no tensorrt-rtx engines for this bundle in"), std::string::npos);
  json foreign = sidecar(plan()), stale = sidecar(plan()), small = sidecar(plan());
  foreign["identity"]["bundle_sha256"] = "bb";
  stale["identity"]["library_version"] = "1.6.0.1";
  small["engines"][0]["profiles"] = {{{"batch", 1}}};
  write(foreign, "diffusiontalker/engines/1");
  write(stale, "diffusiontalker/engines/2");
  EXPECT_NE(use("").find("were made with tensorrt-rtx 1.6.0.1"), std::string::npos);
  write(small, "diffusiontalker/engines/3");
  write(sidecar(plan()), "diffusiontalker/engines/4");
  EXPECT_EQ(find_engine_set("", user()).engines[0].batches.size(), 2u);
  json other_window = sidecar(plan());
  other_window["engines"][0]["window"] = 60;
  other_window["engines"][0]["profiles"].push_back({{"batch", 64}});
  write(other_window, "diffusiontalker/engines/5");
  write(other_window, "diffusiontalker/engines/.being-made");
  EngineUser live = user();
  live.window = 27;
  EXPECT_EQ(find_engine_set("", live).folder.back(), '4');
  live.window = 0;
  EXPECT_EQ(find_engine_set("", live).folder.back(), '5') << "the most batches";
  old == nullptr ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}
#endif

}  // namespace
}  // namespace dt::test
