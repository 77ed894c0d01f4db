// On a character with an AudioSource: hears what the source plays, moves the blend shapes of a SkinnedMeshRenderer.
// The sound is held back by the stream's latency, so that lips and voice meet. Compiled in the tests against stand-ins
// of the Unity types; not run inside Unity.
using System;
using UnityEngine;

namespace DiffusionTalker
{
    [RequireComponent(typeof(AudioSource))]
    public sealed class DiffusionTalkerFace : MonoBehaviour
    {
        public DiffusionTalkerWorld world;
        public SkinnedMeshRenderer face;
        [Tooltip("Empty: the bundle's default")]
        public string identity = "";
        public string profile = "live";
        [Tooltip("Turned by bundles that have a head pose; its rest must be no rotation. Empty: the head stays")]
        public Transform neck;

        volatile FaceStream stream;  // set last: the audio thread takes it as the sign that all else is there
        int sampleRate, channels;
        int[] shapes;            // blend shape of each channel, or -1
        float[] weights;         // of the moment that is shown
        float[] pose;            // its yaw, pitch, roll
        float[] held;            // sound on its way to the loudspeaker
        int heldAt, delayFrames;
        long playedFrames;       // sample frames that left for the loudspeaker; written by the audio thread only

        void Start()
        {
            sampleRate = AudioSettings.outputSampleRate;
            var made = new FaceStream(world.Model, identity == "" ? null : identity, null, profile,
                world.NextSeed(), sampleRate);
            world.Join(made);
            channels = world.Model.Info.Channels;
            shapes = new int[channels];
            for (int c = 0; c < channels; ++c) shapes[c] = face.sharedMesh.GetBlendShapeIndex(world.Model.Channels[c]);
            weights = new float[channels];
            pose = new float[3];
            // Latency of the stream, plus one block of the audio thread, one picture and one frame.
            delayFrames = (int)(sampleRate * (made.GetInfo().LatencyMs / 1000 + 0.1));
            stream = made;
        }

        // Unity's audio thread: no allocation after the first block, no lock.
        void OnAudioFilterRead(float[] data, int audioChannels)
        {
            if (stream == null) return;
            if (held == null) held = new float[delayFrames * audioChannels];
            stream.Push(data, 0, data.Length / audioChannels, audioChannels, sampleRate);
            for (int i = 0; i < data.Length; ++i)
            {
                float now = data[i];
                data[i] = held[heldAt];
                held[heldAt] = now;
                heldAt = heldAt + 1 == held.Length ? 0 : heldAt + 1;
            }
            System.Threading.Interlocked.Add(ref playedFrames, data.Length / audioChannels);
        }

        void Update()
        {
            if (stream == null) return;
            double heard = System.Threading.Interlocked.Read(ref playedFrames) - delayFrames;
            stream.FrameAt(heard / sampleRate, weights, pose, 0);  // the world's steps compute
            for (int c = 0; c < channels; ++c)
            {
                if (shapes[c] >= 0) face.SetBlendShapeWeight(shapes[c], 100 * weights[c]);  // Unity counts in percent
            }
            if (neck == null) return;
            // dt/stream.h counts right-handed with x to the subject's left; Unity's x is the other way, for a
            // character that looks along +z. The order, roll, then pitch, then yaw, is the same.
            neck.localRotation = Quaternion.Euler(57.29578f * pose[1], -57.29578f * pose[0], -57.29578f * pose[2]);
        }

        void OnDestroy()
        {
            if (stream != null) stream.Dispose();
        }
    }
}
