// audio[3 g + a, d] = sum over i of mel[g, i] * encoder[i, 4 a + d], and the like; float32, one thread per
// output, sums in order. Speed is not the point.
#include "kernels/cuda_launch.h"
#include "toy_kernels.h"

namespace dt::test {
namespace {

__device__ size_t index() { return size_t{blockIdx.x} * blockDim.x + threadIdx.x; }

__global__ void encode(ToyWeights w, const float* mel, float* audio, size_t n_groups) {
  const size_t i = index();
  if (i >= n_groups * 12) return;
  double sum = 0;
  for (size_t k = 0; k < 800; ++k) sum += double{mel[i / 12 * 800 + k]} * w.encoder[k * 12 + i % 12];
  audio[i] = static_cast<float>(sum);
}

__global__ void mix(ToyWeights w, const float* x_t, const float* known, const float* audio, float* mixed,
                    size_t frames) {
  const size_t i = index(), f = i / 2, c = i % 2;
  if (f >= frames) return;
  double sum = double{x_t[2 * f]} * w.denoiser[c] + double{x_t[2 * f + 1]} * w.denoiser[2 + c] +
               double{known[f]} * w.denoiser[4 + c];
  for (size_t k = 0; k < 4; ++k) sum += double{audio[4 * f + k]} * w.denoiser[6 + 2 * k + c];
  mixed[i] = static_cast<float>(sum);
}

__global__ void finish(ToyWeights w, const float* mixed, const float* condition, float* x0, size_t window,
                       size_t frames) {
  const size_t i = index(), f = i / 2, c = i % 2;
  if (f >= frames) return;
  double sum = 0;
  for (size_t k = 0; k < 3; ++k) sum += double{condition[f / window * 3 + k]} * w.denoiser_style[2 * k + c];
  x0[i] = tanhf(mixed[i] + static_cast<float>(sum));
}

__global__ void condition_of(ToyWeights w, const float* style, const float* t, float* condition,
                             size_t batch) {
  const size_t i = index(), b = i / 3, k = i % 3;
  if (b >= batch) return;
  condition[i] = style[2 * b] * w.conditioner[k] + style[2 * b + 1] * w.conditioner[3 + k] + 0.01f * t[b];
}

__global__ void style_of(const float* mel, float* styles, size_t n_frames) {
  const size_t k = index();
  if (k >= 2) return;
  double sum = 0;
  for (size_t f = 0; f < n_frames; ++f) sum += mel[f * 80 + k];
  styles[k] = static_cast<float>(sum / static_cast<double>(n_frames));
}

__global__ void crash() { *reinterpret_cast<volatile int*>(8) = 1; }

}  // namespace

void toy_encode(const ToyWeights& w, const float* mel, float* audio, size_t n_groups, CUstream_st* stream) {
  encode<<<blocks_for(n_groups * 12), kThreads, 0, stream>>>(w, mel, audio, n_groups);
  check_launch("toy_encode");
}

void toy_denoise(const ToyWeights& w, const float* x_t, const float* known, const float* audio,
                 const float* condition, float* x0, float* scratch, size_t batch, size_t window,
                 CUstream_st* stream) {
  const size_t frames = batch * window;
  mix<<<blocks_for(2 * frames), kThreads, 0, stream>>>(w, x_t, known, audio, scratch, frames);
  finish<<<blocks_for(2 * frames), kThreads, 0, stream>>>(w, scratch, condition, x0, window, frames);
  check_launch("toy_denoise");
}

void toy_condition(const ToyWeights& w, const float* style, const float* t, float* condition, size_t batch,
                   CUstream_st* stream) {
  condition_of<<<blocks_for(3 * batch), kThreads, 0, stream>>>(w, style, t, condition, batch);
  check_launch("toy_condition");
}

void toy_style(const float* mel, float* styles, size_t n_frames, CUstream_st* stream) {
  style_of<<<1, 32, 0, stream>>>(mel, styles, n_frames);
  check_launch("toy_style");
}

void toy_crash(CUstream_st* stream) {
  crash<<<1, 1, 0, stream>>>();
  check_launch("toy_crash");
}

}  // namespace dt::test
