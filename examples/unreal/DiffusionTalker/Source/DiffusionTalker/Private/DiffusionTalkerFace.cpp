// Not compiled by its authors: see README.md.
#include "DiffusionTalkerFace.h"

#include "DiffusionTalkerModule.h"
#include "HAL/PlatformProcess.h"

FDiffusionTalkerWorker::FDiffusionTalkerWorker(dt_model* Model) {
  dt_scheduler_options Options;
  dt_scheduler_options_default(&Options);
  if (dt_scheduler_create(Model, &Options, &Scheduler) != DT_OK) {
    UE_LOG(LogDiffusionTalker, Error, TEXT("%s"), UTF8_TO_TCHAR(dt_last_error()));
    return;
  }
  Thread = FRunnableThread::Create(this, TEXT("DiffusionTalker"), 0, TPri_AboveNormal);
}

FDiffusionTalkerWorker::~FDiffusionTalkerWorker() {
  if (Thread) {
    Thread->Kill(true);  // calls Stop and waits
    delete Thread;
  }
  dt_scheduler_release(Scheduler);
}

uint32 FDiffusionTalkerWorker::Run() {
  while (!bStop) {
    dt_step_info Info = {};
    Info.struct_size = sizeof(Info);
    if (dt_scheduler_step(Scheduler, -1, -1, &Info) != DT_OK) {
      UE_LOG(LogDiffusionTalker, Error, TEXT("%s"), UTF8_TO_TCHAR(dt_last_error()));
      return 1;
    }
    if (Info.n_windows == 0) FPlatformProcess::Sleep(0.002f);
  }
  return 0;
}

bool FDiffusionTalkerFace::Take() {
  int64_t First = 0;
  size_t Count = 0;
  float* const Block = Ring.GetData() + RingFrames * Channels;  // eight frames behind the ring
  do {
    if (dt_stream_pull(Stream, Block, 8, &First, &Count) != DT_OK) return false;
    for (size_t i = 0; i < Count; ++i) {
      FMemory::Memcpy(Ring.GetData() + (First + i) % RingFrames * Channels, Block + i * Channels,
                      Channels * sizeof(float));
      EndFrame = First + i + 1;
    }
  } while (Count > 0);
  return true;
}

bool FDiffusionTalkerFace::Sample(double Frame) {
  if (Frame < 0 || EndFrame == 0) return false;
  const int64 A = FMath::Min(static_cast<int64>(Frame), EndFrame - 1);
  const int64 B = FMath::Min(A + 1, EndFrame - 1);
  const float Mix = static_cast<float>(FMath::Min(Frame - A, 1.0));
  for (int32 c = 0; c < Channels; ++c) {
    Shown[c] = FMath::Lerp(Ring[A % RingFrames * Channels + c], Ring[B % RingFrames * Channels + c], Mix);
  }
  return true;
}
