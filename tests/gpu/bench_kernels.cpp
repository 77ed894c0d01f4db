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

// Noise in all of it: on zeros a GPU runs up to 13 % faster (seen on an H200).
void fill(GpuDevice* device, GpuStream* stream, const GpuArray<float>& to, size_t batch, size_t window,
          size_t channels, uint64_t seed) {
  std::vector<uint64_t> seeds(batch);
  for (size_t b = 0; b < batch; ++b) seeds[b] = seed + b;
  const std::vector<int64_t> first(batch, 0);
  const std::vector<float> ones(channels, 1.0f);
  const GpuArray<uint64_t> d_seeds(*device, GpuArray<uint64_t>::kDevice, batch);
  const GpuArray<int64_t> d_first(*device, GpuArray<int64_t>::kDevice, batch);
  const GpuArray<float> d_ones(*device, GpuArray<float>::kDevice, channels);
  stream->upload(d_seeds.data(), seeds.data(), d_seeds.bytes());
  stream->upload(d_first.data(), first.data(), d_first.bytes());
  stream->upload(d_ones.data(), ones.data(), d_ones.bytes());
  NoiseFillArgs a;
  a.seed = d_seeds.data(), a.first_frame = d_first.data(), a.scale = d_ones.data(), a.x_t = to.data();
  a.batch = batch, a.window = window, a.past = 0, a.channels = channels;
  stream->noise_fill(a);
  stream->synchronize();
}

// Per element the update reads x_t and x0 and writes x_t; the copy reads and writes.
nlohmann::json bench_update_kernel() {
  nlohmann::json rows = nlohmann::json::array();
  const std::unique_ptr<GpuDevice> device = make_cuda_device(0);
  const std::unique_ptr<GpuStream> stream = device->make_stream();
  constexpr size_t kWindow = 60, kPast = 12, kChannels = 52;
  const std::vector<float> low(kChannels, -3.0f), high(kChannels, 3.0f);
  using Floats = GpuArray<float>;
  for (const size_t batch : {1u, 64u, 4096u, 32768u}) {
    const size_t n = batch * kWindow * kChannels;
    const Floats x_t(*device, Floats::kDevice, n), x0(*device, Floats::kDevice, n);
    const Floats lo(*device, Floats::kDevice, kChannels), hi(*device, Floats::kDevice, kChannels);
    const GpuArray<uint32_t> faults(*device, GpuArray<uint32_t>::kDevice, batch);
    const GpuArray<SamplerCoefficients> coefficients(*device, GpuArray<SamplerCoefficients>::kDevice, 1);
    fill(device.get(), stream.get(), x_t, batch, kWindow, kChannels, 1);
    fill(device.get(), stream.get(), x0, batch, kWindow, kChannels, 1 + batch);
    const SamplerCoefficients half{0.5f, 0.5f};  // x_t stays noise, however often it is updated
    stream->upload(coefficients.data(), &half, coefficients.bytes());
    stream->upload(lo.data(), low.data(), lo.bytes());
    stream->upload(hi.data(), high.data(), hi.bytes());
    SamplerStepArgs a;
    a.x_t = x_t.data(), a.x0 = x0.data(), a.lo = lo.data(), a.hi = hi.data();
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
