// Kernels that TensorRT-RTX compiles on the machine where an engine runs. By itself it first runs a general
// kernel and swaps it for a special one once that is compiled in the background, which would make a recorded
// graph stale: it is told to compile at once. What it compiled is kept in a file, or every process would
// compile it again.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace dt {

// For headers without these calls.
template <typename Engine, typename = void>
class RtxKernels {
 public:
  static constexpr bool kIsThere = false;
  explicit RtxKernels(const std::filesystem::path&) {}
  void save() noexcept {}
};

namespace rtx {
template <typename Engine>
using ConfigOf = std::remove_pointer_t<decltype(std::declval<Engine&>().createRuntimeConfig())>;
template <typename Config>
using StrategyOf = decltype(std::declval<Config&>().getDynamicShapesKernelSpecializationStrategy());
template <typename Config>
using CacheOf = std::remove_pointer_t<decltype(std::declval<Config&>().createRuntimeCache())>;
template <typename Config>
using AllocationOf = decltype(std::declval<Config&>().getExecutionContextAllocationStrategy());
}  // namespace rtx

// Engine: nvinfer1::ICudaEngine of TensorRT-RTX's own headers, or what a test has in its place. One thread at
// a time. Must outlive the contexts of its configurations.
template <typename Engine>
class RtxKernels<Engine,
                 std::void_t<rtx::StrategyOf<rtx::ConfigOf<Engine>>, rtx::CacheOf<rtx::ConfigOf<Engine>>>> {
 public:
  using Config = rtx::ConfigOf<Engine>;
  static constexpr bool kIsThere = true;
  static constexpr std::uintmax_t kMostBytes = std::uintmax_t{1}
                                               << 30;  // of the file; usual ones are some MB

  // file: of the kernels, as trusted as the engines beside it; it need not be there.
  explicit RtxKernels(std::filesystem::path file) : file_(std::move(file)) {}

  // For a context that compiles at once and has no memory of its own; it has to live as long as the context.
  // Null where the library gives none.
  std::unique_ptr<Config> configure(Engine& engine) {
    std::unique_ptr<Config> config(engine.createRuntimeConfig());
    if (config == nullptr) return nullptr;
    config->setExecutionContextAllocationStrategy(rtx::AllocationOf<Config>::kUSER_MANAGED);
    config->setDynamicShapesKernelSpecializationStrategy(rtx::StrategyOf<Config>::kEAGER);
    if (cache_ == nullptr) {
      cache_.reset(config->createRuntimeCache());
      if (cache_ != nullptr) load();
    }
    if (cache_ != nullptr) config->setRuntimeCache(*cache_);  // refused: it compiles all of them again
    return config;
  }

  // Writes the file where there is something new. Whoever reads it meanwhile sees the old or the new one. A
  // folder that cannot be written is no fault: the next process compiles again.
  void save() noexcept {
    if (cache_ == nullptr) return;
    try {
      const auto memory =
          std::unique_ptr<std::remove_pointer_t<decltype(cache_->serialize())>>(cache_->serialize());
      if (memory == nullptr || memory->size() == 0) return;
      std::string now(static_cast<const char*>(memory->data()), memory->size());
      if (now == loaded_) return;
      write(now);
      loaded_ = std::move(now);
    } catch (const std::exception&) {  // out of memory, or a full disk: see above
    }
  }

 private:
  // The library refuses what another version, driver or GPU has made.
  void load() {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file_, error);
    if (error || size == 0 || size > kMostBytes) return;
    std::ifstream in(file_, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (cache_->deserialize(bytes.data(), bytes.size())) loaded_ = std::move(bytes);
  }

  // Into a file of its own, which must not be there yet, and then in its place.
  void write(const std::string& bytes) {
    std::filesystem::path part = file_;
    part += "." + std::to_string(reinterpret_cast<std::uintptr_t>(cache_.get())) + ".part";
    std::FILE* const out = std::fopen(part.string().c_str(), "wbx");
    if (out == nullptr) return;
    const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
    const bool is_whole = std::fclose(out) == 0 && is_written;
    std::error_code error;
    if (is_whole) std::filesystem::rename(part, file_, error);
    if (!is_whole || error) std::filesystem::remove(part, error);
  }

  const std::filesystem::path file_;
  std::unique_ptr<rtx::CacheOf<Config>> cache_;
  std::string loaded_;  // bytes of the file, as far as they are known to be those of the cache
};

}  // namespace dt
