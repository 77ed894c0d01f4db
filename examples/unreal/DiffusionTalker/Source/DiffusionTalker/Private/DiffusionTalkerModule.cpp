// Loads the library from the plugin's folder before anything calls it. Not compiled by its authors: see
// README.md.
#include "DiffusionTalkerModule.h"

#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "dt/dt.h"

DEFINE_LOG_CATEGORY(LogDiffusionTalker);

void FDiffusionTalkerModule::StartupModule() {
  const FString PluginDir = IPluginManager::Get().FindPlugin(TEXT("DiffusionTalker"))->GetBaseDir();
  const FString Libraries = FPaths::Combine(PluginDir, TEXT("Binaries/ThirdParty/DiffusionTalkerLibrary"));
#if PLATFORM_WINDOWS
  const FString Library = FPaths::Combine(Libraries, TEXT("Win64/diffusiontalker.dll"));
#elif PLATFORM_MAC
  const FString Library = FPaths::Combine(Libraries, TEXT("Mac/libdiffusiontalker.dylib"));
#else
  const FString Library = FPaths::Combine(Libraries, TEXT("Linux/libdiffusiontalker.so"));
#endif
  Handle = FPlatformProcess::GetDllHandle(*Library);
  if (!Handle) {
    UE_LOG(LogDiffusionTalker, Error, TEXT("%s cannot be loaded; faces will not move"), *Library);
    return;
  }
  // A library of another major version has other structs.
  if (dt_abi_check(DT_ABI_VERSION) != DT_OK) {
    UE_LOG(LogDiffusionTalker, Error, TEXT("%s"), UTF8_TO_TCHAR(dt_last_error()));
    ShutdownModule();
    return;
  }
  // Warnings, such as the fallback to a slow backend, which is silent without a hook.
  dt_set_log(
      [](void*, int32_t, const char* Message) {
        UE_LOG(LogDiffusionTalker, Warning, TEXT("%s"), UTF8_TO_TCHAR(Message));
      },
      nullptr, DT_LOG_WARNING);
}

void FDiffusionTalkerModule::ShutdownModule() {
  // The library stays loaded: a delay-loaded import may not be unloaded under its callers.
  if (Handle != nullptr) dt_set_log(nullptr, nullptr, DT_LOG_WARNING);
  Handle = nullptr;
}

IMPLEMENT_MODULE(FDiffusionTalkerModule, DiffusionTalker)
