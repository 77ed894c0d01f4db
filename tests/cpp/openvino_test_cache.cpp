// Compiled networks that are kept between runs (csrc/backends/openvino/ov_cache.cpp).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "backend_support.h"

namespace dt::test {
namespace {

namespace fs = std::filesystem;

// A window's result with compiled networks kept under `cache`.
std::vector<float> run_cached(const Bundle& bundle, const fs::path& cache, const char* precision) {
  BackendOptions options;
  options.cache_folder = cache.u8string();
  options.precision = precision;
  options.n_threads = 1;
  const auto backend = backend_factory("openvino").create(bundle, options);
  Crowd crowd(1, backend.get());
  crowd.run(backend->make_session(1, kShape).get(), 0, 1);
  return crowd.result(0);
}

size_t count_files(const fs::path& folder) {
  const auto is_file = [](const fs::directory_entry& entry) { return entry.is_regular_file(); };
  return static_cast<size_t>(
      std::count_if(fs::recursive_directory_iterator(folder), fs::recursive_directory_iterator(), is_file));
}

TEST(OpenVinoCache, KeepsPrecisionsApartAndSurvivesCutFiles) {
  const Bundle bundle = bundle_of_networks();
  const fs::path cache = fs::path(testing::TempDir()) / "dt_openvino_cache";
  fs::remove_all(cache);
  const std::vector<float> expected = run_cached(bundle, "", "f32");
  EXPECT_EQ(run_cached(bundle, cache, "f32"), expected);
  const size_t n_files = count_files(cache);
  EXPECT_GE(n_files, 2u);
  EXPECT_EQ(run_cached(bundle, cache, "f32"), expected);
  EXPECT_EQ(count_files(cache), n_files);
  if (backend_factory("openvino").has_precision("bf16")) {
    const std::vector<float> coarse = run_cached(bundle, "", "bf16");
    EXPECT_EQ(run_cached(bundle, cache, "bf16"), coarse);
    EXPECT_EQ(count_files(cache), 2 * n_files);
  }
  for (const auto& entry : fs::recursive_directory_iterator(cache)) {
    if (entry.is_regular_file()) fs::resize_file(entry.path(), fs::file_size(entry.path()) / 2);
  }
  EXPECT_EQ(run_cached(bundle, cache, "f32"), expected);
  fs::remove_all(cache);
}

TEST(OpenVinoCache, AFolderThatCannotBeUsedIsAWarning) {
  const fs::path file = fs::path(testing::TempDir()) / "dt_openvino_cache_file";
  std::ofstream(file) << "x";
  std::string warning;
  BackendOptions options;
  options.cache_folder = file.u8string();
  options.log.user = &warning;
  options.log.callback = [](void* user, int32_t, const char* message) {
    *static_cast<std::string*>(user) = message;
  };
  EXPECT_NO_THROW(backend_factory("openvino").create(bundle_of_networks(), options));
  EXPECT_NE(warning.find("cannot be used"), std::string::npos) << warning;
  fs::remove(file);
}

}  // namespace
}  // namespace dt::test
