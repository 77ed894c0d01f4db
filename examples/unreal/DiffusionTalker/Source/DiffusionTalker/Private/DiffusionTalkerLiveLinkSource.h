#pragma once

#include "CoreMinimal.h"
#include "ILiveLinkSource.h"

class ILiveLinkClient;

// Publishes faces as Live Link subjects of the basic role: curves named as ARKit's, which MetaHumans take as
// "ARKit Face Subj". Game thread.
class FDiffusionTalkerLiveLinkSource : public ILiveLinkSource {
 public:
  // Curves of a subject, once before its first frame.
  void PushNames(FName Subject, const TArray<FName>& Names);
  void PushWeights(FName Subject, const TArray<float>& Weights);
  void Remove(FName Subject);

  virtual void ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) override;
  virtual bool IsSourceStillValid() const override { return Client != nullptr; }
  virtual bool RequestSourceShutdown() override;
  virtual FText GetSourceType() const override;
  virtual FText GetSourceMachineName() const override;
  virtual FText GetSourceStatus() const override;

 private:
  ILiveLinkClient* Client = nullptr;
  FGuid SourceGuid;
};
