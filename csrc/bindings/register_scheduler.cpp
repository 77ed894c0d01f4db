// The Python class Scheduler.
#include <memory>

#include "bindings/module.h"
#include "bindings/native_stream.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

class NativeScheduler {
 public:
  NativeScheduler(const NativeModel& model, int max_batch, bool warm_up, int64_t max_wait_us) {
    dt_scheduler_options options;
    dt_scheduler_options_default(&options);
    options.max_batch = max_batch;
    options.warm_up = warm_up ? 1 : 0;
    options.max_wait_us = max_wait_us;
    dt_scheduler* scheduler = nullptr;
    check(dt_scheduler_create(model.handle(), &options, &scheduler));
    handle_.reset(scheduler);
  }

  // Other threads run meanwhile: both may wait for a step or compile.
  void add(const NativeStream& stream) {
    run_unlocked([&] { return dt_scheduler_add(handle_.get(), stream.handle()); });
  }
  void remove(const NativeStream& stream) {
    run_unlocked([&] { return dt_scheduler_remove(handle_.get(), stream.handle()); });
  }

  py::dict step(int64_t budget_us, int max_windows) {
    dt_step_info i{};
    i.struct_size = sizeof(i);
    run_unlocked([&] { return dt_scheduler_step(handle_.get(), budget_us, max_windows, &i); });
    py::dict out;
    out["n_windows"] = i.n_windows;
    out["n_batches"] = i.n_batches;
    out["n_ready"] = i.n_ready;
    out["n_late"] = i.n_late;
    out["n_failed"] = i.n_failed;
    out["next_deadline_ns"] = i.next_deadline_ns;
    return out;
  }

  py::dict stats() const {
    dt_scheduler_stats s{};
    s.struct_size = sizeof(s);
    check(dt_scheduler_get_stats(handle_.get(), &s));
    py::dict out;
    out["n_streams"] = s.n_streams;
    out["n_steps"] = s.n_steps;
    out["n_windows"] = s.n_windows;
    out["n_batches"] = s.n_batches;
    out["n_deadline_misses"] = s.n_deadline_misses;
    out["max_lateness_ns"] = s.max_lateness_ns;
    out["run_ns"] = s.run_ns;
    out["memory_bytes"] = s.memory_bytes;
    return out;
  }

 private:
  struct Release {
    void operator()(dt_scheduler* scheduler) const { dt_scheduler_release(scheduler); }
  };
  std::unique_ptr<dt_scheduler, Release> handle_;
};

}  // namespace

void register_scheduler(py::module_& m) {
  using S = NativeScheduler;
  py::class_<S>(m, "Scheduler", "Steps many streams of one model in batches; see dt/scheduler.h.")
      .def(py::init<const NativeModel&, int, bool, int64_t>(), py::arg("model"), py::arg("max_batch") = 4,
           py::arg("warm_up") = true, py::arg("max_wait_us") = 0)
      .def("add", &S::add, py::arg("stream"), "Joins a stream of the same model.")
      .def("remove", &S::remove, py::arg("stream"), "The stream leaves, and pulls for itself again.")
      .def("step", &S::step, py::arg("budget_us") = -1, py::arg("max_windows") = -1,
           "Runs ready windows within the budget; other threads run meanwhile.")
      .def("stats", &S::stats, "Counts since creation.");
}
