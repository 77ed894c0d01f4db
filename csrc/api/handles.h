// What the opaque handles of dt.h hold, and how exported functions get at it.
#pragma once

#include <memory>
#include <string>

#include "api/guard.h"
#include "api/handle_table.h"
#include "dt/device.h"
#include "runtime/device_array.h"
#include "runtime/model.h"
#include "runtime/scheduler.h"
#include "runtime/stream.h"

namespace dt {

struct ModelHandle {
  using Public = dt_model;
  static constexpr const char* kName = "model";
  static constexpr unsigned kKind = 0;
  std::shared_ptr<const Model> impl;
};

struct StreamHandle {
  using Public = dt_stream;
  static constexpr const char* kName = "stream";
  static constexpr unsigned kKind = 1;
  explicit StreamHandle(std::shared_ptr<Stream> stream) : impl(std::move(stream)) {}
  ~StreamHandle() { impl->mark_released(); }
  std::shared_ptr<Stream> impl;
};

struct SchedulerHandle {
  using Public = dt_scheduler;
  static constexpr const char* kName = "scheduler";
  static constexpr unsigned kKind = 2;
  std::shared_ptr<Scheduler> impl;
};

struct DeviceArrayHandle {
  using Public = dt_device_array;
  static constexpr const char* kName = "array";
  static constexpr unsigned kKind = 3;
  std::shared_ptr<DeviceArray> impl;
};

struct RigHandle {
  using Public = dt_rig;
  static constexpr const char* kName = "rig";
  static constexpr unsigned kKind = 4;
  std::shared_ptr<const DeviceRig> impl;
};

// One table per kind, never destroyed: handles may be released while the process ends.
template <typename Handle>
using Table = HandleTable<Handle, Handle::kKind>;

template <typename Handle>
Table<Handle>& table_of() {
  static auto* table = new Table<Handle>();
  return *table;
}

template <typename Handle>
typename Handle::Public* new_handle(std::unique_ptr<Handle> handle) {
  return reinterpret_cast<typename Handle::Public*>(table_of<Handle>().insert(std::move(handle)));
}

// The object of a handle for the length of a call.
template <typename Handle>
class Use {
 public:
  // Throws DT_INVALID_ARGUMENT for NULL and for a handle that does not live.
  explicit Use(const typename Handle::Public* handle)
      : guard_(&table_of<Handle>(), reinterpret_cast<uintptr_t>(handle)) {
    require(handle, Handle::kName);
    if (guard_.get() == nullptr) {
      throw Error(DT_INVALID_ARGUMENT, std::string(Handle::kName) +
                                           " is not a living handle: it was released, "
                                           "or never came from this library");
    }
  }
  auto* operator->() const { return guard_.get()->impl.get(); }
  Handle& handle() const { return *guard_.get(); }

 private:
  typename Table<Handle>::Guard guard_;
};

using UseModel = Use<ModelHandle>;
using UseStream = Use<StreamHandle>;
using UseScheduler = Use<SchedulerHandle>;
using UseDeviceArray = Use<DeviceArrayHandle>;
using UseRig = Use<RigHandle>;

template <typename Handle>
void release_handle(typename Handle::Public* handle) noexcept {
  typename Table<Handle>::Guard guard(&table_of<Handle>(), reinterpret_cast<uintptr_t>(handle));
  if (guard.get() != nullptr) guard.release();
}

}  // namespace dt
