// Not compiled by its authors: see README.md.
#include "DiffusionTalkerLiveLinkSource.h"

#include "HAL/PlatformProcess.h"
#include "HAL/PlatformTime.h"
#include "ILiveLinkClient.h"
#include "LiveLinkTypes.h"
#include "Roles/LiveLinkBasicRole.h"

void FDiffusionTalkerLiveLinkSource::PushNames(FName Subject, const TArray<FName>& Names) {
  if (!Client) return;
  FLiveLinkStaticDataStruct Data(FLiveLinkBaseStaticData::StaticStruct());
  Data.Cast<FLiveLinkBaseStaticData>()->PropertyNames = Names;
  Client->PushSubjectStaticData_AnyThread({SourceGuid, Subject}, ULiveLinkBasicRole::StaticClass(),
                                          MoveTemp(Data));
}

void FDiffusionTalkerLiveLinkSource::PushWeights(FName Subject, const TArray<float>& Weights) {
  if (!Client) return;
  FLiveLinkFrameDataStruct Data(FLiveLinkBaseFrameData::StaticStruct());
  FLiveLinkBaseFrameData& Frame = *Data.Cast<FLiveLinkBaseFrameData>();
  Frame.WorldTime = FLiveLinkWorldTime(FPlatformTime::Seconds());
  Frame.PropertyValues = Weights;
  Client->PushSubjectFrameData_AnyThread({SourceGuid, Subject}, MoveTemp(Data));
}

void FDiffusionTalkerLiveLinkSource::Remove(FName Subject) {
  if (Client) Client->RemoveSubject_AnyThread({SourceGuid, Subject});
}

void FDiffusionTalkerLiveLinkSource::ReceiveClient(ILiveLinkClient* InClient, FGuid InSourceGuid) {
  Client = InClient;
  SourceGuid = InSourceGuid;
}

bool FDiffusionTalkerLiveLinkSource::RequestSourceShutdown() {
  Client = nullptr;
  return true;
}

FText FDiffusionTalkerLiveLinkSource::GetSourceType() const {
  return NSLOCTEXT("DiffusionTalker", "SourceType", "DiffusionTalker");
}

FText FDiffusionTalkerLiveLinkSource::GetSourceMachineName() const {
  return FText::FromString(FPlatformProcess::ComputerName());
}

FText FDiffusionTalkerLiveLinkSource::GetSourceStatus() const {
  return NSLOCTEXT("DiffusionTalker", "SourceStatus", "Active");
}
