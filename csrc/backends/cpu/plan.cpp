#include "backends/cpu/plan.h"

#include <algorithm>
#include <utility>

namespace dt::cpu {
namespace {

size_t u(int i) { return static_cast<size_t>(i); }
size_t u(int64_t i) { return static_cast<size_t>(i); }

// Each buffer begins on a cache line, with room for a vector that reads beyond the end.
constexpr int64_t kLine = 16, kMargin = 32;

RowRange hull(RowRange a, RowRange b) {
  if (a.is_empty()) return b;
  if (b.is_empty()) return a;
  return {std::min(a.first, b.first), std::max(a.last, b.last)};
}

}  // namespace

Plan::Plan(std::vector<PlanBuffer> buffers, std::vector<PlanStep> steps, int output,
           std::vector<RowRange> outputs, int64_t scratch_floats, size_t n_threads)
    : buffers_(std::move(buffers)),
      steps_(std::move(steps)),
      output_(output),
      scratch_(static_cast<uint64_t>(scratch_floats + kMargin) * n_threads),
      scratch_floats_(scratch_floats + kMargin) {
  order_steps();
  for (const RowRange& range : outputs) variants_.push_back(segments_for(ranges_for(range)));
  place_buffers();
  for (const PlanStep& step : steps_) runners_.push_back(step.make(memory_));
}

// What does not vary within a window goes first, in the same order. A buffer varies as a whole: what fills a
// part of one that varies is done again each time.
void Plan::order_steps() {
  const auto varies = [&](const PlanStep& step) {
    return std::any_of(step.reads.begin(), step.reads.end(),
                       [&](const auto& r) { return buffers_[u(r.buffer)].varies; }) ||
           std::any_of(step.writes.begin(), step.writes.end(), [&](int b) { return buffers_[u(b)].varies; });
  };
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (const PlanStep& step : steps_) {
      if (!varies(step)) continue;
      for (const int b : step.writes) {
        has_changed = has_changed || !buffers_[u(b)].varies;
        buffers_[u(b)].varies = true;
      }
    }
  }
  const auto first_varying = std::stable_partition(steps_.begin(), steps_.end(),
                                                   [&](const PlanStep& step) { return !varies(step); });
  is_constant_.assign(static_cast<size_t>(first_varying - steps_.begin()), true);
  is_constant_.resize(steps_.size(), false);
}

// Which rows every step has to compute, from the last to the first; none: it need not run.
std::vector<RowRange> Plan::ranges_for(RowRange output) const {
  std::vector<RowRange> needed(buffers_.size()), ranges(steps_.size());
  needed[u(output_)] = output;
  for (size_t i = steps_.size(); i-- > 0;) {
    const PlanStep& step = steps_[i];
    RowRange range;
    for (const int buffer : step.writes) {
      RowRange rows = needed[u(buffer)];
      if (!rows.is_empty() && buffers_[u(buffer)].rows != step.rows) rows = {0, step.rows};
      range = hull(range, rows);
    }
    if (range.is_empty()) continue;
    if (!step.by_rows) range = {0, step.rows};
    ranges[i] = range;
    for (const PlanStep::Read& read : step.reads) {
      const int64_t rows = std::max<int64_t>(buffers_[u(read.buffer)].rows, 1);
      RowRange wanted{0, rows};
      if (step.by_rows && !read.is_all && rows == step.rows) {
        wanted = {std::max<int64_t>(range.first - read.before, 0), std::min(range.last + read.after, rows)};
      }
      needed[u(read.buffer)] = hull(needed[u(read.buffer)], wanted);
    }
  }
  return ranges;
}

// From the first step that writes a buffer to the last one that reads it; of what stays for the whole window,
// to the end. In whole segments, since threads are at different steps of one.
std::vector<RowRange> Plan::lives() const {
  const auto n = static_cast<int64_t>(steps_.size());
  std::vector<RowRange> around(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i)
    around[i] = {static_cast<int64_t>(i), static_cast<int64_t>(i) + 1};
  for (const std::vector<Segment>& segments : variants_) {
    for (const Segment& s : segments) {
      const RowRange all{static_cast<int64_t>(s.first), static_cast<int64_t>(s.last)};
      for (size_t i = s.first; i < s.last; ++i) around[i] = hull(around[i], all);
    }
  }
  std::vector<RowRange> lives(buffers_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (const int b : steps_[i].writes) {
      lives[u(b)] = hull(lives[u(b)], around[i]);
      if (!buffers_[u(b)].varies) lives[u(b)].last = n + 1;
    }
    for (const PlanStep::Read& r : steps_[i].reads) lives[u(r.buffer)] = hull(lives[u(r.buffer)], around[i]);
  }
  lives[u(output_)].last = n + 1;
  return lives;
}

// Buffers share memory where their lives do not meet.
void Plan::place_buffers() {
  const std::vector<RowRange> lives = this->lives();
  std::vector<int64_t> offsets(buffers_.size());
  std::vector<int> order, placed;  // by size; by offset
  for (size_t b = 0; b < buffers_.size(); ++b) {
    if (buffers_[b].input == nullptr && !lives[b].is_empty()) order.push_back(static_cast<int>(b));
  }
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return buffers_[u(a)].floats > buffers_[u(b)].floats; });
  const auto size_of = [&](int b) { return (buffers_[u(b)].floats + kMargin + kLine - 1) / kLine * kLine; };
  int64_t total = 0;
  for (const int b : order) {
    int64_t offset = 0;
    for (const int other : placed) {
      const RowRange &x = lives[u(b)], &y = lives[u(other)];
      if (x.last <= y.first || y.last <= x.first) continue;
      if (offset + size_of(b) <= offsets[u(other)]) break;
      offset = std::max(offset, offsets[u(other)] + size_of(other));
    }
    offsets[u(b)] = offset;
    total = std::max(total, offset + size_of(b));
    const auto at = std::upper_bound(placed.begin(), placed.end(), offset,
                                     [&](int64_t o, int p) { return o < offsets[u(p)]; });
    placed.insert(at, b);
  }
  arena_ = Floats(static_cast<uint64_t>(total));
  for (size_t b = 0; b < buffers_.size(); ++b) {
    // Inputs are only read.
    memory_.addresses_.push_back(buffers_[b].input != nullptr ? const_cast<float*>(buffers_[b].input)
                                                              : arena_.data() + offsets[b]);
  }
}

// Whether the step reads other rows than its own of what steps first .. last - 1 write, or writes over what
// they read.
bool Plan::reads_whole(const PlanStep& step, size_t first, size_t last) const {
  for (size_t i = first; i < last; ++i) {
    for (const int written : steps_[i].writes) {
      for (const PlanStep::Read& read : step.reads) {
        const bool is_own =
            !read.is_all && read.before == 0 && read.after == 0 && buffers_[u(written)].rows == step.rows;
        if (read.buffer == written && !is_own) return true;
      }
    }
  }
  return false;
}

bool Plan::joins(const Segment& segment, size_t step, const std::vector<RowRange>& ranges) const {
  return segment.by_rows && steps_[step].by_rows && segment.streams == steps_[step].streams &&
         segment.range == ranges[step] && segment.is_constant == is_constant_[step] &&
         !reads_whole(steps_[step], segment.first, segment.last);
}

std::vector<Plan::Segment> Plan::segments_for(const std::vector<RowRange>& ranges) const {
  std::vector<Segment> segments;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (ranges[i].is_empty()) continue;
    if (!segments.empty() && segments.back().last == i && joins(segments.back(), i, ranges)) {
      segments.back().last = i + 1;
    } else {
      segments.push_back({i, i + 1, ranges[i], steps_[i].streams, steps_[i].by_rows, is_constant_[i]});
    }
  }
  return segments;
}

struct Plan::Job {
  const Plan* plan;
  const Segment* segment;
  int64_t rows, n_tasks;

  static void run(void* job, size_t task, size_t thread) {
    const auto& self = *static_cast<const Job*>(job);
    const auto t = static_cast<int64_t>(task);
    const RowTask part{self.segment->range, self.rows * t / self.n_tasks, self.rows * (t + 1) / self.n_tasks};
    float* scratch = const_cast<float*>(self.plan->scratch_.data()) +
                     static_cast<int64_t>(thread) * self.plan->scratch_floats_;
    for (size_t i = self.segment->first; i < self.segment->last; ++i) self.plan->runners_[i](part, scratch);
  }
};

void Plan::run(size_t variant, bool is_first, Pool* pool) const {
  for (const Segment& segment : variants_[variant]) {
    if (segment.is_constant && !is_first) continue;
    Job job{this, &segment, segment.streams * segment.range.count(), 1};
    if (pool == nullptr || !segment.by_rows) {
      Job::run(&job, 0, 0);
      continue;
    }
    job.n_tasks = std::min<int64_t>(static_cast<int64_t>(pool->n_threads()), job.rows);
    pool->run(u(job.n_tasks), &Job::run, &job);
  }
}

}  // namespace dt::cpu
