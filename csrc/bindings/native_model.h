// The Python class Model; Stream needs its handle.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dt/dt.h"

// Opens in the constructor. source: str, a path; or bytes, a packed bundle. `log` is called as log(level,
// message) and only while the constructor runs.
class NativeModel {
 public:
  NativeModel(const pybind11::object& source, const std::string& backend, const std::string& precision,
              int n_threads, int n_workers, pybind11::object log, bool pin_threads,
              const pybind11::str& cache_folder, const pybind11::str& engine_folder, int device,
              bool allow_host_code, const std::vector<std::string>& profiles);

  dt_model* handle() const { return handle_.get(); }
  const dt_model_info& info() const { return info_; }
  std::string backend_name() const { return dt_model_backend_name(handle()); }
  std::string precision() const { return dt_model_precision(handle()); }
  std::string opening_warnings() const { return dt_model_opening_warnings(handle()); }
  std::string metadata_json() const { return dt_model_metadata_json(handle()); }
  std::string motion_space() const { return dt_model_motion_space(handle()); }
  std::optional<std::string> default_emotion() const;
  std::vector<std::string> names(int32_t n, const char* (*name_of)(const dt_model*, int32_t)) const;
  pybind11::dict profile(const std::optional<std::string>& name) const;

 private:
  struct Release {
    void operator()(dt_model* model) const { dt_model_release(model); }
  };
  std::unique_ptr<dt_model, Release> handle_;
  dt_model_info info_{};
};
