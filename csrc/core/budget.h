// What one bundle may ask of memory and time (docs/bundle-format.md, "Limits"). Every single number of
// bundle.json has a range of its own; here are the limits of their products and sums, so that a small bundle
// stays a small bundle. Those of networks are in backends/reference/network_limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/json_reader.h"

namespace dt {

struct Manifest;

// Of bundle.json: statistics of kMaxChannels channels with all their digits, and names beside them.
constexpr JsonLimits kManifestLimits = {size_t{64} << 20, size_t{1} << 21, size_t{1} << 16, 16};
// Of the header of a safetensors file.
constexpr JsonLimits kTensorHeaderLimits = {size_t{1} << 20, size_t{1} << 16, size_t{1} << 16, 8};
// Of engines.json.
constexpr JsonLimits kEngineSetLimits = {size_t{1} << 20, size_t{1} << 16, size_t{1} << 16, 16};

constexpr size_t kMaxFiles = 256, kMaxProfiles = 64, kMaxIdentities = 4096, kMaxEmotions = 256;
// Of all files together, as listed.
constexpr int64_t kMaxBundleBytes = int64_t{1} << 31;
// Numbers of each array that a stream or an enrolment keeps: 64 MB in float32.
constexpr uint64_t kMaxArrayNumbers = uint64_t{1} << 24;

// Throws DT_BAD_BUNDLE that names the keys whose product or sum is beyond the budget.
void check_budget(const Manifest& m);

}  // namespace dt
