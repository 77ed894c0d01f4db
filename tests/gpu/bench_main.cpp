// dt_gpu_bench OUT.json [BUNDLE ENGINE_FOLDER PRECISION]:
// the rows of bench.h, with the machine they are from.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <fstream>

#include "backends/gpu/cuda_device.h"
#include "bench.h"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::fprintf(stderr, "usage: dt_gpu_bench OUT.json [BUNDLE ENGINE_FOLDER PRECISION]\n");
    return 2;
  }
  try {
    const dt::CudaInfo gpu = dt::cuda_info(0);
    int driver = 0, runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    dt::test::BenchTarget target;
    if (argc == 5) target = {argv[2], argv[3], argv[4]};
    nlohmann::json result;
    result["gpu"] = gpu.name;
    result["compute_capability"] = gpu.compute_capability;
    result["cuda_driver"] = driver;
    result["cuda_runtime"] = runtime;
    result["networks"] = argc == 5 ? "bundle" : "toy";
    result["update_kernel"] = dt::test::bench_update_kernel();
    result["hops"] = dt::test::bench_hops(target);
    std::ofstream out(argv[1]);
    out << result.dump(1) << "\n";
    return out.good() ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "dt_gpu_bench: %s\n", e.what());
    return 1;
  }
}
