#include "runtime/open_model.h"

#include <utility>

#include "backends/reference/network_gate.h"
#include "common/error.h"
#include "runtime/module.h"
#include "runtime/registry.h"

namespace dt {
namespace {

Candidate candidate(const BackendDescription& d) {
  return {d, [name = d.name](const Bundle& bundle, const BackendOptions& options) {
            return find_backend(name).create(bundle, options);
          }};
}

// What another backend may do better: a device that is missing, full or broken, engines that are not there.
bool may_fall_back(dt_status status) {
  return status == DT_NO_BACKEND || status == DT_OUT_OF_MEMORY || status == DT_INTERNAL_ERROR ||
         status == DT_UNSUPPORTED;
}

// So that faults of the networks show now. A set of engines may lack the default profile's window.
void warm_up_default(const Model& model, const Log& log) {
  const Profile& usual = model.manifest().profile(nullptr);
  try {
    return model.sessions().warm_up(Model::shape(usual, 1));
  } catch (const Error& e) {
    if (e.status() != DT_UNSUPPORTED) throw;
    for (const Profile& other : model.manifest().profiles) {
      try {
        model.sessions().warm_up(Model::shape(other, 1));
      } catch (const Error& again) {
        if (again.status() != DT_UNSUPPORTED) throw;
        continue;
      }
      log.warning("the default profile \"" + usual.name + "\" cannot be used (" + e.what() +
                  "): streams must name another, for example \"" + other.name + "\"");
      return;
    }
    throw;
  }
}

void warm_up(const Model& model, const std::vector<std::string>& profiles, const BackendOptions& options) {
  if (profiles.empty()) return warm_up_default(model, options.log);
  for (const std::string& name : profiles) {
    const Profile& profile = model.manifest().profile(name.c_str());
    model.sessions().warm_up(Model::shape(profile, 1), static_cast<size_t>(options.n_workers));
  }
}

std::shared_ptr<Model> open_on(const Candidate& candidate, const Bundle& bundle, BackendOptions options,
                               const std::vector<std::string>& profiles) {
  if (options.precision == "auto") options.precision = candidate.description.default_precision;
  std::unique_ptr<Backend> backend = candidate.create(bundle, options);
  Bundle kept;  // without the networks' bytes
  kept.manifest = bundle.manifest;
  kept.json_text = bundle.json_text;
  kept.identities = bundle.identities;
  std::shared_ptr<Model> model = Model::create(std::move(kept), std::move(backend), options);
  warm_up(*model, profiles, options);
  return model;
}

}  // namespace

Bundle load_checked_bundle(const ByteSource& source) {
  Bundle bundle = load_bundle(source);
  check_networks(bundle);
  return bundle;
}

std::vector<Candidate> candidates(const std::string& backend, const std::string& precision) {
  if (backend != "auto") return {candidate(describe_backend(backend))};
  std::vector<Candidate> found, missing;
  for (const BackendDescription& d : backends_for_auto()) {
    if (precision != "auto" && !d.has(precision)) continue;
    const bool is_here = d.is_built_in() || has_backend_module(d.name);
    (is_here ? found : missing).push_back(candidate(d));
  }
  if (found.empty() && !missing.empty()) found.push_back(missing.front());  // it says what to install
  return found;
}

std::shared_ptr<Model> open_on_first(const std::vector<Candidate>& candidates, const Bundle& bundle,
                                     const BackendOptions& options,
                                     const std::vector<std::string>& profiles) {
  for (const std::string& name : profiles) (void)bundle.manifest.profile(name.c_str());
  for (size_t i = 0;; ++i) {
    try {
      return open_on(candidates[i], bundle, options, profiles);
    } catch (const Error& e) {
      const bool is_last = i + 1 == candidates.size();
      if (is_last || !may_fall_back(e.status())) throw;
      const BackendDescription& next = candidates[i + 1].description;
      if (options.precision != "auto" && !next.has(options.precision)) throw;
      options.log.warning("using " + next.as_fallback + ": " + e.what());
    }
  }
}

}  // namespace dt
