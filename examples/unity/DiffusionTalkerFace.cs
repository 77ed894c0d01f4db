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

        const int RingFrames = 64;
        volatile FaceStream stream;  // set last: the audio thread takes it as the sign that all else is there
        int sampleRate, channels;
        int[] shapes;            // blend shape of each channel, or -1
        float[] pulled, ring;    // ring: frame k is at k % RingFrames
        float[] pulledPose, poses;  // the same for yaw, pitch, roll
        long endFrame;           // first frame that has not come yet
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
            pulled = new float[8 * channels];
            ring = new float[RingFrames * channels];
            pulledPose = new float[8 * 3];
            poses = new float[RingFrames * 3];
            // Latency of the stream, plus one block of the audio thread and one picture.
            delayFrames = (int)(sampleRate * (made.GetInfo().LatencyMs / 1000 + 0.06));
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
            long first;
            int n;
            while ((n = stream.Pull(pulled, pulledPose, out first)) > 0)
            {
                for (int i = 0; i < n; ++i)
                {
                    Array.Copy(pulled, i * channels, ring, (first + i) % RingFrames * channels, channels);
                    Array.Copy(pulledPose, i * 3, poses, (first + i) % RingFrames * 3, 3);
                }
                endFrame = first + n;
            }
            double heard = System.Threading.Interlocked.Read(ref playedFrames) - delayFrames;
            double frame = heard / sampleRate * world.Model.Info.FpsNum / world.Model.Info.FpsDen;
            if (frame >= 0 && endFrame > 0) Show(frame);
        }

        void Show(double frame)
        {
            long a = Math.Min((long)frame, endFrame - 1), b = Math.Min(a + 1, endFrame - 1);
            float mix = (float)Math.Min(frame - a, 1);
            for (int c = 0; c < channels; ++c)
            {
                if (shapes[c] < 0) continue;
                float wa = ring[a % RingFrames * channels + c], wb = ring[b % RingFrames * channels + c];
                face.SetBlendShapeWeight(shapes[c], 100 * (wa + mix * (wb - wa)));  // Unity counts in percent
            }
            if (neck == null) return;
            float yaw = Degrees(a, b, mix, 0), pitch = Degrees(a, b, mix, 1), roll = Degrees(a, b, mix, 2);
            // dt/stream.h counts right-handed with x to the subject's left; Unity's x is the other way, for a
            // character that looks along +z. The order, roll, then pitch, then yaw, is the same.
            neck.localRotation = Quaternion.Euler(pitch, -yaw, -roll);
        }

        float Degrees(long a, long b, float mix, int axis)
        {
            float at = poses[a % RingFrames * 3 + axis], next = poses[b % RingFrames * 3 + axis];
            return 57.29578f * (at + mix * (next - at));
        }

        void OnDestroy()
        {
            if (stream != null) stream.Dispose();
        }
    }
}
