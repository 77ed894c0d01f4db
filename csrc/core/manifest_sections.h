// One function per object of bundle.json. Each throws DT_BAD_BUNDLE that names the key.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/json_reader.h"
#include "core/manifest.h"

namespace dt {

MotionSpec parse_motion(const JsonReader& r);
AudioSpec parse_audio(const JsonReader& r, const MotionSpec& motion);
void parse_networks(const JsonReader& r, Manifest* m);
std::vector<SamplerStep> parse_sampler(const JsonReader& r);
std::vector<Profile> parse_profiles(const JsonReader& r, const AudioSpec& audio);
void parse_identities(const JsonReader& r, Manifest* m);
void parse_rig(const JsonReader& r, Manifest* m);
std::map<std::string, FileEntry> parse_files(const JsonReader& r);

}  // namespace dt
