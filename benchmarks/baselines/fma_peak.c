/* Multiply-adds that this machine does in a second when nothing waits for memory: THREADS threads, SECONDS
 * seconds. Prints GFLOP/s, two operations for each multiply-add of a float32. Built and run by peak.py. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
/* More sums than an instruction takes cycles, times two units; fewer than there are registers. */
#define SUMS 12
#define STEPS 2000

typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile float sink;

static void work(Vector factor, Vector term) {
  Vector sums[SUMS];
  float total = 0;
  int i, s, lane;
  for (s = 0; s < SUMS; ++s) sums[s] = term * (float)s;
  for (i = 0; i < STEPS; ++i) {
#pragma GCC unroll 32
    for (s = 0; s < SUMS; ++s) sums[s] = sums[s] * factor + term;
  }
  for (s = 0; s < SUMS; ++s) {
    for (lane = 0; lane < LANES; ++lane) total += sums[s][lane];
  }
  sink = total;
}

struct Job {
  double seconds, gflops;
};

static void* run(void* given) {
  struct Job* job = given;
  const Vector zero = {0}, factor = zero + 0.999f, term = zero + 1e-3f;
  const double began = seconds_now();
  double rounds = 0, took = 0;
  while (took < job->seconds) {
    work(factor, term);
    ++rounds;
    took = seconds_now() - began;
  }
  job->gflops = rounds * STEPS * SUMS * LANES * 2 / took / 1e9;
  return NULL;
}

int main(int argc, char** argv) {
  struct Job jobs[256];
  pthread_t threads[256];
  double total = 0;
  const int n = argc == 3 ? atoi(argv[1]) : 0;
  int i;
  if (n < 1 || n > 256) return 2;
  for (i = 0; i < n; ++i) {
    jobs[i].seconds = atof(argv[2]);
    if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0) return 1;
  }
  for (i = 0; i < n; ++i) {
    pthread_join(threads[i], NULL);
    total += jobs[i].gflops;
  }
  printf("%.2f\n", total);
  return 0;
}
