// The emotions of a stream's style: those it was made with, and what its dials make of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/model.h"

namespace dt {

// What a stream was made with.
struct Mood {
  bool is_own = false;  // a style of the program's own, whose parts are not known
  bool has_identity = false, has_emotion = false;
  std::string identity, emotion;  // where they were named
  double strength = 1;
};

// What dials say of it. Equal ones give the same style.
struct DialMood {
  double strength = 1;                                // multiplies Mood::strength
  std::vector<std::pair<std::string, double>> parts;  // emotions with their weights; none: that of the Mood
  friend bool operator==(const DialMood& a, const DialMood& b) {
    return a.strength == b.strength && a.parts == b.parts;
  }
};

// The style of both together, [d_identity]. Throws DT_INVALID_ARGUMENT: an unknown name, a model without
// emotions, a style of the program's own.
Vector<float> style_of(const Model& model, const Mood& mood, const DialMood& dials);

}  // namespace dt
