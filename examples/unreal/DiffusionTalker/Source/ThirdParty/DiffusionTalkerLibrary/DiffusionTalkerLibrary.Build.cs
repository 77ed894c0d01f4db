// The SDK as an external module: nothing is compiled here. Unpack the SDK archive beside this file as
//   include/dt/*.h    Win64/{bin,lib}    Linux/lib    Mac/lib
// Not compiled by its authors.
using System.IO;
using UnrealBuildTool;

public class DiffusionTalkerLibrary : ModuleRules
{
	public DiffusionTalkerLibrary(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;
		PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));

		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			string Folder = Path.Combine(ModuleDirectory, "Win64");
			PublicAdditionalLibraries.Add(Path.Combine(Folder, "lib", "diffusiontalker.lib"));
			// Bound at the first call, after StartupModule has loaded the DLL from the plugin's folder; a game without
			// the DLL still starts.
			PublicDelayLoadDLLs.Add("diffusiontalker.dll");
			Stage(Path.Combine(Folder, "bin"), "Win64");
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux)
		{
			string Folder = Path.Combine(ModuleDirectory, "Linux", "lib");
			PublicAdditionalLibraries.Add(Path.Combine(Folder, "libdiffusiontalker.so"));
			Stage(Folder, "Linux");
		}
		else if (Target.Platform == UnrealTargetPlatform.Mac)
		{
			string Folder = Path.Combine(ModuleDirectory, "Mac", "lib");
			PublicAdditionalLibraries.Add(Path.Combine(Folder, "libdiffusiontalker.dylib"));
			PublicDelayLoadDLLs.Add(Path.Combine(Folder, "libdiffusiontalker.dylib"));
			Stage(Folder, "Mac");
		}

		// The model, as loose files: the library reads it by path. A pak build reads it through dt_model_open_reader.
		string Bundle = Path.Combine(PluginDirectory, "Resources", "base");
		if (Directory.Exists(Bundle))
		{
			RuntimeDependencies.Add(Path.Combine(Bundle, "*"), StagedFileType.NonUFS);
		}
	}

	// The library finds a backend module, where there is one, in its own folder: all files go to one place.
	void Stage(string Folder, string Platform)
	{
		if (!Directory.Exists(Folder))
		{
			return;
		}
		foreach (string Library in Directory.GetFiles(Folder))
		{
			RuntimeDependencies.Add(
				Path.Combine("$(PluginDir)/Binaries/ThirdParty/DiffusionTalkerLibrary", Platform, Path.GetFileName(Library)),
				Library);
		}
	}
}
