#include "common/dynamic_library.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <utility>

#include "common/error.h"
#if defined(__linux__)
#include <dlfcn.h>
#endif

namespace dt::test {
namespace {

namespace fs = std::filesystem;

std::string refusal(const fs::path& file) {
  try {
    const DynamicLibrary library(file);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_NO_BACKEND);
    return e.what();
  }
  return "";
}

TEST(DynamicLibrary, WhatIsNoLibraryHasTheLoadersReason) {
  EXPECT_NE(refusal("dt_there_is_no_such_library"), "");
  const fs::path text = fs::path(testing::TempDir()) / "dt_text.so";
  std::ofstream(text) << "text";
  EXPECT_NE(refusal(text), "");
  EXPECT_NE(refusal(text.parent_path()), "");
  fs::remove(text);
}

TEST(DynamicLibrary, FolderOfCodeIsThatOfTheProgram) {
  EXPECT_TRUE(fs::is_directory(fs::absolute(folder_of(reinterpret_cast<const void*>(&refusal)))));
}

#if defined(__linux__)
bool is_loaded(const char* name) {
  void* handle = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
  if (handle != nullptr) dlclose(handle);
  return handle != nullptr;
}

TEST(DynamicLibrary, SymbolsAreTheLibrarys) {
  const DynamicLibrary math("libm.so.6");
  const auto cosine = reinterpret_cast<double (*)(double)>(math.symbol("cos"));
  EXPECT_EQ(cosine(1.0), std::cos(1.0));
  try {
    math.symbol("dt_no_such_function");
    FAIL() << "a symbol that is not there was found";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "it has no dt_no_such_function");
  }
}

// One of the C library's that nothing here uses.
TEST(DynamicLibrary, IsClosedWithTheObjectUnlessItIsKept) {
  constexpr char kUnused[] = "libBrokenLocale.so.1";
  if (is_loaded(kUnused) || !refusal(kUnused).empty()) GTEST_SKIP() << kUnused << " is not here, or in use";
  EXPECT_FALSE(is_loaded(kUnused));
  {
    DynamicLibrary library(kUnused);
    EXPECT_TRUE(is_loaded(kUnused));
  }
  EXPECT_FALSE(is_loaded(kUnused));
  DynamicLibrary(kUnused).keep();
  EXPECT_TRUE(is_loaded(kUnused));
}
#endif

}  // namespace
}  // namespace dt::test
