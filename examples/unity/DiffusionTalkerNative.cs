// The structs and functions of dt.h as C# sees them; ABI 1.3. DiffusionTalker.cs has the classes to use.
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace DiffusionTalker
{
    /// <summary>dt_model_info.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ModelInfo
    {
        internal UIntPtr StructSize;
        public int Channels;      // weights per frame, 52 for ARKit
        public int ChannelNames;  // the same, or 0: vertices have no names
        public int FpsNum;        // frames per second = FpsNum / FpsDen
        public int FpsDen;
        public int SampleRateHz;
        public int Identities;
        public int Emotions;
        public int StyleSize;
        public int Profiles;
        public int Steps;
        public int Mels;
        public int HasEmotions;
        public int HasEnrollment;  // 1 when Model.Enroll works
        public int EnrollMinMs;
        public int EnrollMaxMs;
        public int Threads;
        public int Workers;
        public long ConditionBytes;
        public int HasHeadPose;  // 1 when FaceStream.Pull gives head poses
        public int Reserved;  // 0
    }

    /// <summary>dt_profile_info.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ProfileInfo
    {
        internal UIntPtr StructSize;
        public int PastFrames;
        public int HopFrames;         // frames that leave together
        public int LookaheadFrames;
        public int LookaheadSamples;  // audio needed after the end of a hop before it leaves, at SampleRateHz
        public int HopSamples;
        public int FrontEndSamples;
        public double LatencyMs;      // what the first frame of a hop waits after its own time
        public double MinLatencyMs;   // what the last one waits
        public long StreamBytes;
    }

    /// <summary>dt_stream_info.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct StreamInfo
    {
        internal UIntPtr StructSize;
        public long NextFrame;
        public long AudioFrame;
        public long MemoryBytes;
        public long FreeSamples;
        public int SampleRateHz;
        public int ResamplerSamples;
        public double LatencyMs;  // worst wait of a frame after its own time
        public int IsFlushed;
        public int IsPaused;
        public int InScheduler;
        public int IsFailed;
        public long Utterance;       // that the next pushed sample belongs to
        public long NextAudioFrame;  // frame that it belongs to
        public long BufferedFrames;  // frames of the audio that was pushed and is not pulled yet
        public long FirstKeptFrame;  // frames from here to NextFrame - 1 are kept
    }

    /// <summary>dt_step_info.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct StepInfo
    {
        internal UIntPtr StructSize;
        public int Windows;
        public int Batches;
        public int Ready;  // streams that still waited when the budget was spent
        public int Late;
        public int Failed;
        public long NextDeadlineNs;
    }

    /// <summary>Zero-terminated UTF-8; "string" in a signature is the system's code page on Windows.</summary>
    struct Utf8 : IDisposable
    {
        public readonly IntPtr Pointer;

        public Utf8(string text)
        {
            Pointer = IntPtr.Zero;
            if (text == null) return;
            byte[] bytes = Bytes(text);
            Pointer = Marshal.AllocHGlobal(bytes.Length);
            Marshal.Copy(bytes, 0, Pointer, bytes.Length);
        }

        public void Dispose() { if (Pointer != IntPtr.Zero) Marshal.FreeHGlobal(Pointer); }

        /// <summary>A C array of texts in this one's memory. texts: null for none.</summary>
        public static Utf8 Array(string[] texts, out int count)
        {
            count = texts == null ? 0 : texts.Length;
            if (count == 0) return new Utf8(null);
            byte[] all = new byte[0];
            int head = count * IntPtr.Size;
            var offsets = new int[count];
            for (int i = 0; i < count; ++i)
            {
                byte[] one = Bytes(texts[i]);
                offsets[i] = head + all.Length;
                System.Array.Resize(ref all, all.Length + one.Length);
                System.Array.Copy(one, 0, all, all.Length - one.Length, one.Length);
            }
            var memory = new Utf8(head + all.Length);
            for (int i = 0; i < count; ++i)
                Marshal.WriteIntPtr(memory.Pointer, i * IntPtr.Size, IntPtr.Add(memory.Pointer, offsets[i]));
            Marshal.Copy(all, 0, IntPtr.Add(memory.Pointer, head), all.Length);
            return memory;
        }

        Utf8(int bytes) { Pointer = Marshal.AllocHGlobal(bytes); }

        public static byte[] Bytes(string text) { return text == null ? null : Encoding.UTF8.GetBytes(text + "\0"); }

        public static string String(IntPtr text)
        {
            if (text == IntPtr.Zero) return null;
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0) ++length;
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }
    }

    static class Native
    {
#if (UNITY_IOS || UNITY_WEBGL) && !UNITY_EDITOR
        const string Library = "__Internal";  // the static library is a part of the player
#else
        const string Library = "diffusiontalker";
#endif
        public const uint AbiVersion = 1u << 16 | 3u;
        public const int BufferFull = -5;
        public const int Stale = -11;

        // Options are filled by the library up to the size that it is told, so that a later 1.x, which knows more fields,
        // fits too.
        [StructLayout(LayoutKind.Sequential)]
        public struct ModelOptions
        {
            public UIntPtr StructSize;
            public IntPtr Backend;
            public IntPtr Precision;
            public int Threads;
            public IntPtr Log;  // stays null: callbacks and IL2CPP do not mix well
            public IntPtr LogUser;
            public int PinThreads;
            public int Workers;
            public IntPtr CacheFolder;
            public IntPtr EngineFolder;
            public int Device;
            public int AllowHostCode;
            public IntPtr Profiles;
            public int ProfileCount;
            public int Reserved;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct StreamOptions
        {
            public UIntPtr StructSize;
            public IntPtr Identity;
            public IntPtr Emotion;
            public IntPtr Style;
            public ulong Seed;
            public IntPtr Profile;
            public int MaxBufferedMs;
            public int EaseOutFrames;
            public int SampleRateHz;
            public int OffsetMs;
            public int SmoothingMs;
            public int LipSeal;
            public int SilenceGate;
            public float GateOpenDbfs;
            public float GateCloseDbfs;
            public int GateHoldMs;
            public int GateEaseMs;
            public int DeadlineMs;
            public float EmotionStrength;
            public float HeadAmount;
            public int GrowToMs;
            public int HistoryMs;
            public IntPtr Dials;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct Dials
        {
            public UIntPtr StructSize;
            public float Strength;
            public float UpperStrength;
            public float LowerStrength;
            public float JawSharpness;
            public float LipSharpness;
            public float BlinkRate;
            public float GazeSideDeg;
            public float GazeUpDeg;
            public float GazeHold;
            public float HeadAmount;
            public float EmotionStrength;
            public int SmoothingMs;
            public int OffsetMs;
            public int Emotions;
            public IntPtr EmotionParts;
            public IntPtr ChannelGain;
            public IntPtr ChannelOffset;
            public IntPtr ChannelMin;
            public IntPtr ChannelMax;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct SchedulerOptions
        {
            public UIntPtr StructSize;
            public int MaxBatch;
            public int WarmUp;
            public long MaxWaitUs;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct StylePart
        {
            public IntPtr Style;
            public float Weight;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct EmotionPart
        {
            public IntPtr Emotion;
            public float Weight;
        }

        public static void Check(int status)
        {
            if (status != 0) throw new DiffusionTalkerException(status, Utf8.String(dt_last_error()));
        }

        public static UIntPtr SizeOf<T>() { return (UIntPtr)Marshal.SizeOf(typeof(T)); }

        [DllImport(Library)] public static extern int dt_abi_check(uint version);
        [DllImport(Library)] public static extern IntPtr dt_last_error();

        [DllImport(Library)]
        public static extern int dt_model_options_init(ref ModelOptions options, UIntPtr structSize);
        [DllImport(Library)]
        public static extern int dt_model_open(byte[] path, ref ModelOptions options, out IntPtr model);
        [DllImport(Library)]
        public static extern int dt_model_open_memory(byte[] data, UIntPtr size, ref ModelOptions options,
                                                      out IntPtr model);
        [DllImport(Library)] public static extern void dt_model_release(IntPtr model);
        [DllImport(Library)] public static extern int dt_model_get_info(IntPtr model, ref ModelInfo info);
        [DllImport(Library)] public static extern IntPtr dt_model_channel_name(IntPtr model, int index);
        [DllImport(Library)] public static extern IntPtr dt_model_identity_name(IntPtr model, int index);
        [DllImport(Library)] public static extern IntPtr dt_model_emotion_name(IntPtr model, int index);
        [DllImport(Library)] public static extern IntPtr dt_model_profile_name(IntPtr model, int index);
        [DllImport(Library)] public static extern IntPtr dt_model_backend_name(IntPtr model);
        [DllImport(Library)] public static extern IntPtr dt_model_opening_warnings(IntPtr model);
        [DllImport(Library)]
        public static extern int dt_model_get_profile(IntPtr model, byte[] name, ref ProfileInfo info);
        [DllImport(Library)]
        public static extern int dt_model_get_style(IntPtr model, byte[] identity, byte[] emotion, float[] style,
                                                    UIntPtr capacity);
        [DllImport(Library)]
        public static extern int dt_model_blend_styles(IntPtr model, StylePart[] parts, UIntPtr count, float[] style,
                                                       UIntPtr capacity);
        [DllImport(Library)]
        public static extern int dt_model_mix_emotions(IntPtr model, byte[] identity, EmotionPart[] parts,
                                                       UIntPtr count, float strength, float[] style,
                                                       UIntPtr capacity);
        [DllImport(Library)]
        public static extern int dt_model_enroll(IntPtr model, float[] samples, UIntPtr frames, int channels,
                                                 int sampleRateHz, byte[] emotion, float[] style, UIntPtr capacity);

        [DllImport(Library)]
        public static extern int dt_stream_options_init(ref StreamOptions options, UIntPtr structSize);
        [DllImport(Library)]
        public static extern int dt_stream_create(IntPtr model, ref StreamOptions options, out IntPtr stream);
        [DllImport(Library)] public static extern void dt_stream_release(IntPtr stream);
        // "ref float" is the address of an element: a slice of an array without a copy and without unsafe code.
        [DllImport(Library)]
        public static extern int dt_stream_push(IntPtr stream, ref float samples, UIntPtr frames, int channels,
                                                int sampleRateHz);
        [DllImport(Library)]
        public static extern int dt_stream_push_utterance(IntPtr stream, long utterance, ref float samples,
                                                          UIntPtr frames, int channels, int sampleRateHz);
        [DllImport(Library)] public static extern int dt_stream_idle(IntPtr stream, long frames);
        [DllImport(Library)]
        public static extern int dt_stream_pull(IntPtr stream, ref float weights, UIntPtr capacityFrames,
                                                out long firstFrame, out UIntPtr frames);
        [DllImport(Library)]
        public static extern int dt_stream_pull_with_pose(IntPtr stream, ref float weights, ref float headPose,
                                                          UIntPtr capacityFrames, out long firstFrame,
                                                          out UIntPtr frames);
        [DllImport(Library)]
        public static extern int dt_stream_pull_utterance(IntPtr stream, ref float weights, ref float headPose,
                                                          UIntPtr capacityFrames, out long firstFrame,
                                                          out UIntPtr frames, out long utterance);
        [DllImport(Library)]
        public static extern int dt_stream_frame_at(IntPtr stream, double timeS, int maxHops, float[] weights,
                                                    float[] headPose, out double poseTimeS);
        [DllImport(Library)] public static extern int dt_stream_ready_frames(IntPtr stream, out long frames);
        [DllImport(Library)] public static extern int dt_stream_flush(IntPtr stream);
        [DllImport(Library)] public static extern int dt_stream_flush_utterance(IntPtr stream, long utterance);
        [DllImport(Library)] public static extern int dt_stream_reset(IntPtr stream);
        [DllImport(Library)] public static extern int dt_stream_seek(IntPtr stream, long frame);
        [DllImport(Library)]
        public static extern int dt_stream_interrupt(IntPtr stream, int easeMs, out long nextAudioFrame);
        [DllImport(Library)]
        public static extern int dt_stream_interrupt_at(IntPtr stream, long shownFrame, int easeMs,
                                                        out long nextAudioFrame, out long utterance);
        [DllImport(Library)] public static extern int dt_stream_pause(IntPtr stream, int paused);
        [DllImport(Library)] public static extern int dt_stream_set_style(IntPtr stream, float[] style, int blendMs);
        [DllImport(Library)]
        public static extern int dt_stream_set_style_at(IntPtr stream, float[] style, long frame, int blendMs);
        [DllImport(Library)] public static extern int dt_dials_init(ref Dials dials, UIntPtr structSize);
        [DllImport(Library)]
        public static extern int dt_stream_set_dials(IntPtr stream, ref Dials dials, long frame, int blendMs);
        [DllImport(Library)] public static extern int dt_stream_get_info(IntPtr stream, ref StreamInfo info);

        [DllImport(Library)]
        public static extern int dt_scheduler_options_init(ref SchedulerOptions options, UIntPtr structSize);
        [DllImport(Library)]
        public static extern int dt_scheduler_create(IntPtr model, ref SchedulerOptions options, out IntPtr scheduler);
        [DllImport(Library)] public static extern void dt_scheduler_release(IntPtr scheduler);
        [DllImport(Library)] public static extern int dt_scheduler_add(IntPtr scheduler, IntPtr stream);
        [DllImport(Library)] public static extern int dt_scheduler_remove(IntPtr scheduler, IntPtr stream);
        [DllImport(Library)]
        public static extern int dt_scheduler_step(IntPtr scheduler, long budgetUs, int maxWindows, ref StepInfo info);
    }
}
