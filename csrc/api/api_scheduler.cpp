// dt/scheduler.h.
#include "api/handles.h"
#include "api/structs.h"
#include "dt/dt.h"

using dt::UseScheduler;

namespace {

dt_scheduler_options default_scheduler_options() {
  dt_scheduler_options o{};
  o.max_batch = static_cast<int32_t>(dt::SchedulerSettings().max_batch);
  o.warm_up = 1;
  return o;
}

}  // namespace

extern "C" {

dt_status dt_scheduler_options_init(dt_scheduler_options* options, size_t struct_size) {
  return dt::init_options(options, struct_size, default_scheduler_options(), "options");
}

dt_status dt_scheduler_create(dt_model* model, const dt_scheduler_options* options,
                              dt_scheduler** scheduler) {
  return dt::guard([&] {
    dt::require(scheduler, "scheduler");
    *scheduler = nullptr;
    const dt::UseModel use(model);
    const dt_scheduler_options given = dt::read_options(options, default_scheduler_options(), "options");
    dt::SchedulerSettings settings;
    const int32_t n = dt::checked(given.max_batch, 1, static_cast<int32_t>(dt::kMaxBatch), "max_batch");
    if ((n & (n - 1)) != 0) {
      throw dt::Error(DT_INVALID_ARGUMENT, "max_batch is " + std::to_string(n) + ", expected a power of two");
    }
    settings.max_batch = static_cast<size_t>(given.max_batch);
    settings.warm_up = dt::checked(given.warm_up, 0, 1, "warm_up") != 0;
    settings.max_wait_ns = dt::checked(given.max_wait_us, 0, 1000000, "max_wait_us") * 1000;
    auto handle = std::make_unique<dt::SchedulerHandle>();
    handle->impl = dt::make_hooked<dt::Scheduler>(use.handle().impl, settings);
    *scheduler = dt::new_handle(std::move(handle));
  });
}

void dt_scheduler_release(dt_scheduler* scheduler) { dt::release_handle<dt::SchedulerHandle>(scheduler); }

dt_status dt_scheduler_add(dt_scheduler* scheduler, dt_stream* stream) {
  return dt::guard([&] {
    const UseScheduler use(scheduler);
    use->add(dt::UseStream(stream).handle().impl);
  });
}

dt_status dt_scheduler_remove(dt_scheduler* scheduler, dt_stream* stream) {
  return dt::guard([&] {
    const UseScheduler use(scheduler);
    use->remove(dt::UseStream(stream).handle().impl);
  });
}

dt_status dt_scheduler_step(dt_scheduler* scheduler, int64_t budget_us, int32_t max_windows,
                            dt_step_info* info) {
  return dt::guard([&] {
    const UseScheduler use(scheduler);
    constexpr int64_t kLongest = int64_t{3600} * 1000000;
    if (budget_us < -1 || budget_us > kLongest) {
      throw dt::Error(DT_INVALID_ARGUMENT,
                      "budget_us is " + std::to_string(budget_us) + ", expected -1 to an hour");
    }
    dt::checked(max_windows, -1, INT32_MAX, "max_windows");
    if (info != nullptr) dt::check_struct_size(info, info->struct_size, "info");
    const dt::StepInfo s = use->step(budget_us, max_windows);
    if (info == nullptr) return;
    dt_step_info i{};
    i.n_windows = static_cast<int32_t>(s.n_windows);
    i.n_batches = static_cast<int32_t>(s.n_batches);
    i.n_ready = static_cast<int32_t>(s.n_ready);
    i.n_late = static_cast<int32_t>(s.n_late);
    i.n_failed = static_cast<int32_t>(s.n_failed);
    i.next_deadline_ns = s.next_deadline_ns;
    dt::write_info(info, i, "info");
  });
}

dt_status dt_scheduler_get_stats(const dt_scheduler* scheduler, dt_scheduler_stats* stats) {
  return dt::guard([&] {
    const UseScheduler use(scheduler);
    const dt::SchedulerStats s = use->stats();
    dt_scheduler_stats out{};
    out.n_streams = static_cast<int32_t>(s.n_streams);
    out.n_steps = s.n_steps;
    out.n_windows = s.n_windows;
    out.n_batches = s.n_batches;
    out.n_deadline_misses = s.n_deadline_misses;
    out.max_lateness_ns = s.max_lateness_ns;
    out.run_ns = s.run_ns;
    out.memory_bytes = s.memory_bytes;
    dt::write_info(stats, out, "stats");
  });
}

}  // extern "C"
