// The few members of UnityEngine that examples/unity uses, with the signatures of Unity's scripting reference, so that
// a C# compiler checks those files without Unity. Nothing here runs.
using System;

namespace UnityEngine
{
    public class MonoBehaviour { }
    public static class Debug
    {
        public static void LogError(object message) { }
        public static void LogWarning(object message) { }
    }
    public static class Application { public static string streamingAssetsPath { get { return ""; } } }
    public sealed class TextAsset { public byte[] bytes { get { return null; } } }
    public static class AudioSettings { public static int outputSampleRate { get; set; } }
    public sealed class AudioSource { }
    public struct Quaternion { public static Quaternion Euler(float x, float y, float z) { return new Quaternion(); } }
    public sealed class Transform { public Quaternion localRotation { get; set; } }
    public sealed class Mesh { public int GetBlendShapeIndex(string blendShapeName) { return -1; } }
    public sealed class SkinnedMeshRenderer
    {
        public Mesh sharedMesh { get; set; }
        public void SetBlendShapeWeight(int index, float value) { }
    }
    public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string tooltip) { } }
    public sealed class RangeAttribute : Attribute { public RangeAttribute(float min, float max) { } }
    public sealed class RequireComponent : Attribute { public RequireComponent(Type requiredComponent) { } }
}
