#include <cuda_runtime_api.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "bench.h"
#include "kernels/sampler_step.h"

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
  cudaStream_t stream;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  constexpr size_t kWindow = 60, kPast = 12, kChannels = 52;
  const std::vector<float> lo(kChannels, -3.0f), hi(kChannels, 3.0f);
  for (const size_t batch : {1u, 64u, 4096u, 32768u}) {
    const size_t n = batch * kWindow * kChannels;
    float *x_t, *x0, *limits;
    uint32_t* faults;
    SamplerCoefficients* coefficients;
    check(cudaMalloc(&x_t, n * 4));
    check(cudaMalloc(&x0, n * 4));
    check(cudaMalloc(&limits, 2 * kChannels * 4));
    check(cudaMalloc(&faults, batch * 4));
    check(cudaMalloc(&coefficients, sizeof *coefficients));
    check(cudaMemset(x_t, 0, n * 4));
    check(cudaMemset(x0, 0, n * 4));
    check(cudaMemset(coefficients, 0, sizeof *coefficients));
    check(cudaMemcpy(limits, lo.data(), kChannels * 4, cudaMemcpyHostToDevice));
    check(cudaMemcpy(limits + kChannels, hi.data(), kChannels * 4, cudaMemcpyHostToDevice));
    SamplerStepArgs<float, float> a;
    a.x_t = x_t, a.x0 = x0, a.lo = limits, a.hi = limits + kChannels;
    a.coefficients = coefficients, a.faults = faults;
    a.batch = batch, a.window = kWindow, a.past = kPast, a.channels = kChannels;
    const double update = milliseconds(stream, [&] { sampler_step_cuda(a, stream); });
    const double copy = milliseconds(
        stream, [&] { check(cudaMemcpyAsync(x_t, x0, n * 4, cudaMemcpyDeviceToDevice, stream)); });
    const double touched = static_cast<double>(batch * (kWindow - kPast) * kChannels) * 12;
    const double update_rate = touched / update / 1e6, copy_rate = static_cast<double>(n) * 8 / copy / 1e6;
    rows.push_back({{"batch", batch},
                    {"update_ms", update},
                    {"update_gb_per_s", update_rate},
                    {"copy_gb_per_s", copy_rate},
                    {"share_of_copy", update_rate / copy_rate}});
    for (void* memory : {static_cast<void*>(x_t), static_cast<void*>(x0), static_cast<void*>(limits),
                         static_cast<void*>(faults), static_cast<void*>(coefficients)}) {
      cudaFree(memory);
    }
  }
  cudaStreamDestroy(stream);
  return rows;
}

}  // namespace dt::test
