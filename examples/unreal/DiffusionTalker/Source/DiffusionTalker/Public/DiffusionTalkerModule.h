#pragma once

#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"

DECLARE_LOG_CATEGORY_EXTERN(LogDiffusionTalker, Log, All);

class FDiffusionTalkerModule : public IModuleInterface {
 public:
  virtual void StartupModule() override;
  virtual void ShutdownModule() override;

  // False: the library is missing or of another version; nothing of dt.h may be called.
  bool IsAvailable() const { return Handle != nullptr; }

 private:
  void* Handle = nullptr;
};
