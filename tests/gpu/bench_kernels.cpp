#include <cuda_runtime_api.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "backends/gpu/cuda_device.h"
#include "bench.h"

namespace dt::test {
namespace {

void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

// Median milliseconds of 50 runs, each between two events, after 5 that are not counted.
double milliseconds(cudaStream_t stream, const std::function<void()>& work) {
  cudaEvent_t start, stop;
  check(cudaEventCreate(&start));
  check(cudaEventCreate(&stop));
  std::vector<double> samples;
  for (int i = 0; i < 55; ++i) {
    check(cudaEventRecord(start, stream));
    work();
    check(cudaEventRecord(stop, stream));
    check(cudaEventSynchronize(stop));
    float ms = 0;
    check(cudaEventElapsedTime(&ms, start, stop));
    if (i >= 5) samples.push_back(ms);
  }
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  return percentile(samples, 0.5);
}

}  // namespace

double percentile(std::vector<double> samples, double p) {
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<size_t>(p * static_cast<double>(samples.size() - 1))];
}

// Per element the update reads x_t and x0 and writes x_t; the copy reads and writes.
nlohmann::json bench_update_kernel() {
  nlohmann::json rows = nlohmann::json::array();
  const std::unique_ptr<GpuDevice> device = make_cuda_device(0);
  const std::unique_ptr<GpuStream> stream = device->make_stream();
  constexpr size_t kWindow = 60, kPast = 12, kChannels = 52;
  const std::vector<float> values(kChannels, 3.0f);
  using Floats = GpuArray<float>;
  for (const size_t batch : {1u, 64u, 4096u, 32768u}) {
    const size_t n = batch * kWindow * kChannels;
    const Floats x_t(*device, Floats::kDevice, n), x0(*device, Floats::kDevice, n);
    const Floats limit(*device, Floats::kDevice, kChannels);
    const GpuArray<uint32_t> faults(*device, GpuArray<uint32_t>::kDevice, batch);
    const GpuArray<SamplerCoefficients> coefficients(*device, GpuArray<SamplerCoefficients>::kDevice, 1);
    stream->clear(x_t.data(), x_t.bytes());
    stream->clear(x0.data(), x0.bytes());
    stream->clear(coefficients.data(), coefficients.bytes());
    stream->upload(limit.data(), values.data(), limit.bytes());
    SamplerStepArgs a;
    a.x_t = x_t.data(), a.x0 = x0.data(), a.lo = a.hi = limit.data();
    a.coefficients = coefficients.data(), a.faults = faults.data();
    a.batch = batch, a.window = kWindow, a.past = kPast, a.channels = kChannels;
    const cudaStream_t raw = cuda_stream(*stream);
    const double update = milliseconds(raw, [&] { stream->sampler_step(a); });
    const double copy = milliseconds(raw, [&] { stream->copy(x_t.data(), x0.data(), x_t.bytes()); });
    const double touched = static_cast<double>(batch * (kWindow - kPast) * kChannels) * 12;
    const double update_rate = touched / update / 1e6, copy_rate = static_cast<double>(n) * 8 / copy / 1e6;
    rows.push_back({{"batch", batch},
                    {"update_ms", update},
                    {"update_gb_per_s", update_rate},
                    {"copy_gb_per_s", copy_rate},
                    {"share_of_copy", update_rate / copy_rate}});
  }
  return rows;
}

}  // namespace dt::test
