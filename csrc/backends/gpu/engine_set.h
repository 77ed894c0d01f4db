// A folder of engines compiled for one bundle, one GPU and one library:
// engines.json and *.plan (docs/tensorrt-engines.md). Engines are
// programs, so everything is checked before a library sees a byte of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/gpu/gpu_engine.h"

namespace dt {

// Who wants to use a set.
struct EngineUser {
  std::string bundle_sha256;                 // of bundle.json
  std::string library;                       // "tensorrt" or "tensorrt-rtx"
  std::string library_version;               // of the library that is loaded, "10.15.1", as far as it tells
  std::string gpu_name, compute_capability;  // "NVIDIA H200", "9.0"
  std::string precision;                     // "f32" or "f16"
  bool allow_host_code = false;
  size_t window = 0;  // that a set of the cache should have, animation frames; 0: any
};

struct EngineEntry {
  Network network;
  std::string file, sha256;
  int64_t n_bytes = 0;
  size_t window = 0;            // animation frames; 0: the network does not depend on it
  std::vector<size_t> batches;  // of each optimisation profile, in order
};

struct EngineSet {
  std::string folder;
  std::string bundle_sha256, library, library_version, precision;
  std::string gpu_name, compute_capability;  // empty: for every GPU that the library supports
  bool version_compatible = false, same_compute_capability = false;
  std::vector<EngineEntry> engines;

  // Null where there is none.
  const EngineEntry* find(Network network, size_t window) const;
};

// Reads engines.json of a folder (UTF-8) and checks what it says. Every fault is an Error(DT_NO_BACKEND) of
// one sentence with the remedy, so that "auto" can fall back.
EngineSet read_engine_set(const std::string& folder);
// Throws the same when the set was made for something else.
void check_engine_set(const EngineSet& set, const EngineUser& user);
// The bytes of an engine whose size, hash and header are right. Throws the same.
std::string read_plan(const EngineSet& set, const EngineEntry& entry);

// The set in `folder`, or, where that is empty, the one in the user's cache that fits; where several do, one
// that has the window, and the most batches. Throws the same: with the reason of the set that comes closest.
EngineSet find_engine_set(const std::string& folder, const EngineUser& user);
// <cache>/diffusiontalker/engines, the cache being
// $XDG_CACHE_HOME, ~/.cache or %LOCALAPPDATA%; "" without any.
std::string engine_cache_folder();

}  // namespace dt
