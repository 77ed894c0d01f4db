#pragma once

#include "CoreMinimal.h"
#include "DiffusionTalkerSubsystem.generated.h"
#include "Subsystems/WorldSubsystem.h"

class FDiffusionTalkerLiveLinkSource;
class FDiffusionTalkerWorker;
struct FDiffusionTalkerFace;
struct dt_model;

// The faces of one world: a worker thread computes all of them in batches, each tick publishes what is heard
// now as Live Link curves. Functions: game thread, unless they say otherwise.
UCLASS()
class DIFFUSIONTALKER_API UDiffusionTalkerSubsystem : public UTickableWorldSubsystem {
  GENERATED_BODY()

 public:
  // Opens a bundle folder; "" is the plugin's Resources/base. Up to a second: call it while loading.
  // False: the log says why.
  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  bool OpenModel(const FString& Folder, int32 Threads = 1);

  // Starts a face as the Live Link subject `Subject`. Identity "": the bundle's default. False: see the log.
  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  bool StartFace(FName Subject, const FString& Identity, const FString& Profile);

  // Interleaved sound that begins to play Latency() seconds from now, right after what was pushed before it.
  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  bool PushAudio(FName Subject, const TArray<float>& Samples, int32 Channels, int32 SampleRate);

  // Seconds by which the sound must be held back (or its text-to-speech be ahead), so that lips and voice
  // meet.
  UFUNCTION(BlueprintPure, Category = "DiffusionTalker")
  float Latency(FName Subject) const;

  // The sentence is over; the face eases to rest.
  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  void Finish(FName Subject);

  // Barge-in: falls silent now, within EaseMs.
  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  void Interrupt(FName Subject, int32 EaseMs = 150);

  UFUNCTION(BlueprintCallable, Category = "DiffusionTalker")
  void StopFace(FName Subject);

  virtual void Deinitialize() override;
  virtual void Tick(float DeltaTime) override;
  virtual TStatId GetStatId() const override;

 private:
  TSharedPtr<FDiffusionTalkerLiveLinkSource> Source;
  TSharedPtr<FDiffusionTalkerWorker> Worker;
  TMap<FName, TSharedPtr<FDiffusionTalkerFace>> Faces;
  TArray<FName> CurveNames;
  dt_model* Model = nullptr;
};
