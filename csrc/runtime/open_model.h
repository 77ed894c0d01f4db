// Which backend a bundle is opened on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/backend.h"
#include "runtime/model.h"

namespace dt {

// A backend that may be tried. create: as BackendFactory::create; loads its module first.
struct Candidate {
  BackendDescription description;
  std::function<std::unique_ptr<Backend>(const Bundle&, const BackendOptions&)> create;
};

// Everything of a bundle that can be checked without a backend: load_bundle(), and the gate of its networks.
// Throws DT_BAD_BUNDLE or DT_FILE_ERROR.
Bundle load_checked_bundle(const ByteSource& source);

// backend: a name, or "auto" for all that are here and have the precision, in their order; where none is
// here, the one that would have been first, whose failure says what to install. Throws DT_INVALID_ARGUMENT
// for an unknown name.
std::vector<Candidate> candidates(const std::string& backend, const std::string& precision);

// Opens the bundle on the first candidate that can run. Its networks are compiled for the profiles of these
// names, options.n_workers windows side by side; without names for one stream of the default profile, or of
// the first profile that it has engines for. The next candidate is tried, with a
// warning in options.log, after any fault but one of the bundle or the arguments; nothing falls back to a
// backend that lacks the precision. Throws the last Error; DT_INVALID_ARGUMENT for an unknown profile.
std::shared_ptr<Model> open_on_first(const std::vector<Candidate>& candidates, const Bundle& bundle,
                                     const BackendOptions& options,
                                     const std::vector<std::string>& profiles = {});

}  // namespace dt
