// A network for inputs of fixed shapes as a list of kernel calls on fixed memory. Running it allocates
// nothing and takes no lock.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backends/cpu/kernels.h"
#include "backends/cpu/pool.h"
#include "backends/cpu/weights.h"

namespace dt::cpu {

// Rows of every stream.
struct RowRange {
  int64_t first = 0, last = 0;
  int64_t count() const { return last - first; }
  bool is_empty() const { return last <= first; }
  friend bool operator==(const RowRange& a, const RowRange& b) {
    return a.first == b.first && a.last == b.last;
  }
};

// A part of a step's work: from `begin` to `end` of the rows of `range`, stream after stream.
struct RowTask {
  RowRange range;
  int64_t begin = 0, end = 0;
};

struct PlanBuffer {
  int64_t floats = 0;
  int64_t rows = 0;              // of a stream, where it is dense [streams, rows, n]; 0: anything else
  int64_t pitch = 0;             // n
  const float* input = nullptr;  // memory of the caller, or a constant; null: of the plan
  bool varies = false;           // between the runs of one window
};

// Where the buffers of a plan lie.
class PlanMemory {
 public:
  float* at(int buffer) const { return addresses_[static_cast<size_t>(buffer)]; }

 private:
  friend class Plan;
  std::vector<float*> addresses_;
};

struct PlanStep {
  using Runner = std::function<void(const RowTask&, float* scratch)>;
  struct Read {
    int buffer;
    // The rows that a range of rows of the result needs: that many more before and after, or all.
    int64_t before = 0, after = 0;
    bool is_all = false;
  };
  std::vector<Read> reads;
  std::vector<int> writes;
  // by_rows: the step can compute any rows of its results alone, of each of `streams`. Else it runs whole.
  bool by_rows = false;
  int64_t streams = 1, rows = 1;
  std::function<Runner(const PlanMemory&)> make;
};

class Plan {
 public:
  // output: the last buffer, of which variant i needs the rows outputs[i] of every stream; the results are
  // then defined in these rows only. Buffers that do not vary are computed by the first run of a window.
  Plan(std::vector<PlanBuffer> buffers, std::vector<PlanStep> steps, int output,
       std::vector<RowRange> outputs, int64_t scratch_floats, size_t n_threads);

  const float* output() const { return memory_.at(output_); }
  int64_t arena_floats() const { return static_cast<int64_t>(arena_.size()); }
  size_t n_steps() const { return steps_.size(); }

  // is_first: of a window. pool: null, or one of n_threads at most, which the caller has acquired.
  void run(size_t variant, bool is_first, Pool* pool) const;

 private:
  // Steps that run on the same rows, one after the other, without looking at the rows of other threads.
  struct Segment {
    size_t first, last;
    RowRange range;
    int64_t streams;
    bool by_rows, is_constant;
  };
  struct Job;

  void order_steps();
  std::vector<RowRange> ranges_for(RowRange output) const;
  void place_buffers();
  std::vector<RowRange> lives() const;
  std::vector<Segment> segments_for(const std::vector<RowRange>& ranges) const;
  bool joins(const Segment& segment, size_t step, const std::vector<RowRange>& ranges) const;
  bool reads_whole(const PlanStep& step, size_t first, size_t last) const;

  std::vector<PlanBuffer> buffers_;
  std::vector<PlanStep> steps_;
  std::vector<PlanStep::Runner> runners_;
  std::vector<bool> is_constant_;  // step: the same in all runs of a window
  std::vector<std::vector<Segment>> variants_;
  int output_;
  Floats arena_, scratch_;
  int64_t scratch_floats_;
  PlanMemory memory_;
};

}  // namespace dt::cpu
