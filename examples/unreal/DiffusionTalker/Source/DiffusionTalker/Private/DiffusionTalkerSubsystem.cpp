// Not compiled by its authors: see README.md.
#include "DiffusionTalkerSubsystem.h"

#include "DiffusionTalkerFace.h"
#include "DiffusionTalkerLiveLinkSource.h"
#include "DiffusionTalkerModule.h"
#include "Features/IModularFeatures.h"
#include "HAL/PlatformTime.h"
#include "ILiveLinkClient.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "dt/dt.h"

namespace {

bool Succeeded(dt_status Status) {
  if (Status == DT_OK) return true;
  UE_LOG(LogDiffusionTalker, Error, TEXT("%s"), UTF8_TO_TCHAR(dt_last_error()));
  return false;
}

FString DefaultBundle() {
  return FPaths::ConvertRelativePathToFull(FPaths::Combine(
      IPluginManager::Get().FindPlugin(TEXT("DiffusionTalker"))->GetBaseDir(), TEXT("Resources/base")));
}

// ARKit's "jawOpen" is "JawOpen" in Live Link.
FName CurveName(const char* Channel) {
  FString Name = UTF8_TO_TCHAR(Channel);
  if (!Name.IsEmpty()) Name[0] = FChar::ToUpper(Name[0]);
  return FName(*Name);
}

}  // namespace

bool UDiffusionTalkerSubsystem::OpenModel(const FString& Folder, int32 Threads) {
  const auto& Module = FModuleManager::GetModuleChecked<FDiffusionTalkerModule>("DiffusionTalker");
  if (!Module.IsAvailable() || Model) return false;
  dt_model_options Options;
  dt_model_options_default(&Options);
  Options.n_threads = Threads;
  const FString Path = Folder.IsEmpty() ? DefaultBundle() : Folder;
  if (!Succeeded(dt_model_open(TCHAR_TO_UTF8(*Path), &Options, &Model))) return false;
  dt_model_info Info = {};
  Info.struct_size = sizeof(Info);
  dt_model_get_info(Model, &Info);
  CurveNames.Reset();
  for (int32 i = 0; i < Info.n_channel_names; ++i) {
    CurveNames.Add(CurveName(dt_model_channel_name(Model, i)));
  }
  Worker = MakeShared<FDiffusionTalkerWorker>(Model);
  IModularFeatures& Features = IModularFeatures::Get();
  if (Features.IsModularFeatureAvailable(ILiveLinkClient::ModularFeatureName)) {
    Source = MakeShared<FDiffusionTalkerLiveLinkSource>();
    Features.GetModularFeature<ILiveLinkClient>(ILiveLinkClient::ModularFeatureName).AddSource(Source);
  }
  return Worker->IsRunning() && Source.IsValid();
}

bool UDiffusionTalkerSubsystem::StartFace(FName Subject, const FString& Identity, const FString& Profile) {
  if (!Model || !Worker || !Source || Faces.Contains(Subject)) return false;
  const FTCHARToUTF8 IdentityUtf8(*Identity), ProfileUtf8(*Profile);
  dt_stream_options Options;
  dt_stream_options_default(&Options);
  Options.identity = Identity.IsEmpty() ? nullptr : IdentityUtf8.Get();
  Options.profile = Profile.IsEmpty() ? "live" : ProfileUtf8.Get();
  Options.seed = static_cast<uint64>(Faces.Num());  // two of one seed would blink at the same moments
  const TSharedPtr<FDiffusionTalkerFace> Face = MakeShared<FDiffusionTalkerFace>();
  if (!Succeeded(dt_stream_create(Model, &Options, &Face->Stream))) return false;
  if (!Worker->Join(Face->Stream)) return Succeeded(DT_INTERNAL_ERROR);
  dt_model_info Info = {};
  Info.struct_size = sizeof(Info);
  dt_model_get_info(Model, &Info);
  Face->Channels = Info.n_channels;
  Face->FramesPerSecond = static_cast<double>(Info.fps_num) / Info.fps_den;
  Face->Ring.SetNumZeroed((FDiffusionTalkerFace::RingFrames + 8) * Info.n_channels);
  Face->Shown.SetNumZeroed(Info.n_channels);
  dt_stream_info StreamInfo = {};
  StreamInfo.struct_size = sizeof(StreamInfo);
  dt_stream_get_info(Face->Stream, &StreamInfo);
  Face->LatencySeconds = StreamInfo.latency_ms / 1000 + 0.05;  // and 50 ms for compute and one tick
  Source->PushNames(Subject, CurveNames);
  Faces.Add(Subject, Face);
  return true;
}

bool UDiffusionTalkerSubsystem::PushAudio(FName Subject, const TArray<float>& Samples, int32 Channels,
                                          int32 SampleRate) {
  const TSharedPtr<FDiffusionTalkerFace> Face = Faces.FindRef(Subject);
  if (!Face || Channels < 1) return false;
  if (!Succeeded(
          dt_stream_push(Face->Stream, Samples.GetData(), Samples.Num() / Channels, Channels, SampleRate)))
    return false;
  if (Face->StartSeconds < 0) Face->StartSeconds = FPlatformTime::Seconds();
  return true;
}

float UDiffusionTalkerSubsystem::Latency(FName Subject) const {
  const TSharedPtr<FDiffusionTalkerFace> Face = Faces.FindRef(Subject);
  return Face ? static_cast<float>(Face->LatencySeconds) : 0;
}

void UDiffusionTalkerSubsystem::Finish(FName Subject) {
  const TSharedPtr<FDiffusionTalkerFace> Face = Faces.FindRef(Subject);
  if (Face) Succeeded(dt_stream_flush(Face->Stream));
}

void UDiffusionTalkerSubsystem::Interrupt(FName Subject, int32 EaseMs) {
  const TSharedPtr<FDiffusionTalkerFace> Face = Faces.FindRef(Subject);
  if (!Face) return;
  int64_t Next = 0;
  if (!Succeeded(dt_stream_interrupt(Face->Stream, EaseMs, &Next))) return;
  // The easing plays at once; the next sound starts a new clock at frame Next.
  Face->BaseFrame = Next;
  Face->StartSeconds = -1;
}

void UDiffusionTalkerSubsystem::StopFace(FName Subject) {
  if (Faces.Remove(Subject) > 0 && Source) Source->Remove(Subject);
}

void UDiffusionTalkerSubsystem::Tick(float DeltaTime) {
  Super::Tick(DeltaTime);
  const double Now = FPlatformTime::Seconds();
  for (const TPair<FName, TSharedPtr<FDiffusionTalkerFace>>& Pair : Faces) {
    FDiffusionTalkerFace& Face = *Pair.Value;
    if (!Face.Take()) continue;
    // Without a clock (before the first sound, after a barge-in) the newest frame is shown.
    const double Heard = Now - Face.StartSeconds - Face.LatencySeconds;
    const double Frame =
        Face.StartSeconds < 0 ? Face.EndFrame - 1.0 : Face.BaseFrame + Heard * Face.FramesPerSecond;
    if (Face.Sample(Frame)) Source->PushWeights(Pair.Key, Face.Shown);
  }
}

TStatId UDiffusionTalkerSubsystem::GetStatId() const {
  RETURN_QUICK_DECLARE_CYCLE_STAT(UDiffusionTalkerSubsystem, STATGROUP_Tickables);
}

void UDiffusionTalkerSubsystem::Deinitialize() {
  Worker.Reset();  // before the streams it steps
  Faces.Empty();
  dt_model_release(Model);
  Model = nullptr;
  if (Source) Source->RequestSourceShutdown();
  Source.Reset();
  Super::Deinitialize();
}
