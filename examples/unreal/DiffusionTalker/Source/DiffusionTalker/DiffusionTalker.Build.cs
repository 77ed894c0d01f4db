using UnrealBuildTool;

public class DiffusionTalker : ModuleRules
{
	public DiffusionTalker(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine" });
		PrivateDependencyModuleNames.AddRange(new string[] { "LiveLinkInterface", "Projects", "DiffusionTalkerLibrary" });
	}
}
