// One character and the thread that computes all of them, on the C ABI only.
#pragma once

#include "CoreMinimal.h"
#include "HAL/Runnable.h"
#include "HAL/RunnableThread.h"
#include "dt/dt.h"

// Steps a scheduler until it is destroyed.
class FDiffusionTalkerWorker : public FRunnable {
 public:
  explicit FDiffusionTalkerWorker(dt_model* Model);
  virtual ~FDiffusionTalkerWorker() override;

  bool IsRunning() const { return Thread != nullptr; }
  bool Join(dt_stream* Stream) { return dt_scheduler_add(Scheduler, Stream) == DT_OK; }

  virtual uint32 Run() override;
  virtual void Stop() override { bStop = true; }

 private:
  dt_scheduler* Scheduler = nullptr;
  FRunnableThread* Thread = nullptr;
  TAtomic<bool> bStop{false};
};

struct FDiffusionTalkerFace {
  ~FDiffusionTalkerFace() { dt_stream_release(Stream); }

  // Copies the frames that are ready into the ring.
  bool Take();
  // Weights at a moment between two frames, into Shown; false before the first one.
  bool Sample(double Frame);

  static constexpr int32 RingFrames = 64;
  dt_stream* Stream = nullptr;
  int32 Channels = 0;
  double FramesPerSecond = 30;
  double LatencySeconds = 0;
  double StartSeconds = -1;  // when the first sound was pushed; below 0: not yet
  int64 EndFrame = 0;        // first frame that has not come yet
  int64 BaseFrame = 0;       // frame of the first sample since StartSeconds
  TArray<float> Ring;        // frame k at (k % RingFrames) * Channels
  TArray<float> Shown;
};
