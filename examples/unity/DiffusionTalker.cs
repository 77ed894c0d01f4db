// C# binding of DiffusionTalker: drop DiffusionTalker*.cs and the native libraries into a Unity project (README.md),
// or compile it with any .NET that has P/Invoke. No callbacks, no unsafe code, no C# bool or string across the border,
// only blittable structs: what Mono and IL2CPP both take. Push, Pull and Step allocate nothing. Details: dt.h.
using System;
using System.Runtime.InteropServices;

namespace DiffusionTalker
{
    /// <summary>A failed call: the library's status and its message, which says what to do.</summary>
    public sealed class DiffusionTalkerException : Exception
    {
        public readonly int Status;
        public DiffusionTalkerException(int status, string message) : base(message) { Status = status; }
    }

    /// <summary>An opened bundle. Immutable: any thread may use it, and streams keep it alive.</summary>
    public sealed class Model : IDisposable
    {
        internal IntPtr Handle;
        public readonly ModelInfo Info;
        public readonly string[] Channels;

        /// <param name="folder">Bundle folder. In Unity: under Application.streamingAssetsPath.</param>
        /// <param name="backend">"auto", "cpu", "openvino" or "reference".</param>
        /// <param name="threads">Compute threads, 1..256; a game leaves cores for itself.</param>
        /// <param name="profiles">Latency profiles that are prepared now; null: the bundle's default one.</param>
        /// <remarks>Reads files and compiles networks, up to a second: call it while loading.</remarks>
        public Model(string folder, string backend = "auto", int threads = 1, string[] profiles = null)
            : this(folder, null, backend, threads, profiles) { }

        /// <summary>From a packed bundle in memory: where StreamingAssets are no files, as on Android.</summary>
        public Model(byte[] packed, string backend = "auto", int threads = 1, string[] profiles = null)
            : this(null, packed, backend, threads, profiles) { }

        Model(string folder, byte[] packed, string backend, int threads, string[] profiles)
        {
            // A library of another major version has other structs: refuse it before the first one.
            Native.Check(Native.dt_abi_check(Native.AbiVersion));
            var options = new Native.ModelOptions();
            Native.Check(Native.dt_model_options_init(ref options, Native.SizeOf<Native.ModelOptions>()));
            int count;
            using (Utf8 name = new Utf8(backend), names = Utf8.Array(profiles, out count))
            {
                options.Profiles = names.Pointer;
                options.ProfileCount = count;
                options.Backend = name.Pointer;
                options.Threads = threads;
                Native.Check(packed == null
                    ? Native.dt_model_open(Utf8.Bytes(folder), ref options, out Handle)
                    : Native.dt_model_open_memory(packed, (UIntPtr)packed.Length, ref options, out Handle));
            }
            Info.StructSize = Native.SizeOf<ModelInfo>();
            Native.Check(Native.dt_model_get_info(Handle, ref Info));
            Channels = new string[Info.ChannelNames];
            for (int i = 0; i < Channels.Length; ++i)
                Channels[i] = Utf8.String(Native.dt_model_channel_name(Handle, i));
        }

        ~Model() { Dispose(); }

        public string BackendName { get { return Utf8.String(Native.dt_model_backend_name(Handle)); } }
        /// <summary>What went less well than asked while opening, a line each; "" where all went well.</summary>
        public string OpeningWarnings { get { return Utf8.String(Native.dt_model_opening_warnings(Handle)); } }
        public string IdentityName(int i) { return Utf8.String(Native.dt_model_identity_name(Handle, i)); }
        public string EmotionName(int i) { return Utf8.String(Native.dt_model_emotion_name(Handle, i)); }
        public string ProfileName(int i) { return Utf8.String(Native.dt_model_profile_name(Handle, i)); }

        /// <summary>Style of an identity with an emotion; null means the bundle's defaults.</summary>
        public float[] GetStyle(string identity = null, string emotion = null)
        {
            var style = new float[Info.StyleSize];
            Native.Check(Native.dt_model_get_style(Handle, Utf8.Bytes(identity), Utf8.Bytes(emotion), style,
                                                   (UIntPtr)style.Length));
            return style;
        }

        /// <summary>Style of an identity in several moods: neutral + strength * sum of weight * (emotion - neutral).
        /// </summary>
        /// <param name="weights">0..2 for each emotion, 2 in all at most.</param>
        /// <param name="strength">0..2.</param>
        public float[] MixEmotions(string[] emotions, float[] weights, float strength = 1, string identity = null)
        {
            if (emotions.Length != weights.Length) throw new ArgumentException("one weight per emotion");
            var parts = new Native.EmotionPart[emotions.Length];
            var names = new Utf8[emotions.Length];
            var style = new float[Info.StyleSize];
            try
            {
                for (int i = 0; i < parts.Length; ++i)
                {
                    names[i] = new Utf8(emotions[i]);
                    parts[i].Emotion = names[i].Pointer;
                    parts[i].Weight = weights[i];
                }
                Native.Check(Native.dt_model_mix_emotions(Handle, Utf8.Bytes(identity), parts, (UIntPtr)parts.Length,
                                                          strength, style, (UIntPtr)style.Length));
            }
            finally
            {
                foreach (Utf8 name in names) name.Dispose();
            }
            return style;
        }

        /// <summary>Weighted mean of styles: half of one voice, half of another.</summary>
        public float[] BlendStyles(float[][] styles, float[] weights)
        {
            if (styles.Length != weights.Length) throw new ArgumentException("one weight per style");
            var parts = new Native.StylePart[styles.Length];
            var pins = new GCHandle[styles.Length];
            var result = new float[Info.StyleSize];
            try
            {
                for (int i = 0; i < parts.Length; ++i)
                {
                    if (styles[i].Length != Info.StyleSize) throw new ArgumentException("a style of another length");
                    pins[i] = GCHandle.Alloc(styles[i], GCHandleType.Pinned);
                    parts[i].Style = pins[i].AddrOfPinnedObject();
                    parts[i].Weight = weights[i];
                }
                Native.Check(Native.dt_model_blend_styles(Handle, parts, (UIntPtr)parts.Length, result,
                                                          (UIntPtr)result.Length));
            }
            finally
            {
                foreach (GCHandle pin in pins) if (pin.IsAllocated) pin.Free();
            }
            return result;
        }

        /// <summary>Style of a speaker from reference speech. Takes up to a second.</summary>
        public float[] Enroll(float[] samples, int audioChannels, int sampleRateHz, string emotion = null)
        {
            var style = new float[Info.StyleSize];
            Native.Check(Native.dt_model_enroll(Handle, samples, (UIntPtr)(samples.Length / audioChannels),
                audioChannels, sampleRateHz, Utf8.Bytes(emotion), style, (UIntPtr)style.Length));
            return style;
        }

        /// <summary>Sizes of a profile; null means the bundle's default one.</summary>
        public ProfileInfo GetProfile(string name = null)
        {
            var profile = new ProfileInfo { StructSize = Native.SizeOf<ProfileInfo>() };
            Native.Check(Native.dt_model_get_profile(Handle, Utf8.Bytes(name), ref profile));
            return profile;
        }

        public void Dispose()
        {
            Native.dt_model_release(Handle);
            Handle = IntPtr.Zero;
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>What became of pushed audio.</summary>
    public enum Pushed
    {
        Taken,
        Full,   // pull, then push the same audio again
        Stale   // its utterance is over: the audio is dropped, push no more of it
    }

    /// <summary>
    /// One character. Threads: Push, Idle and Flush belong to one thread at a time; a second one at the same moment gets
    /// an exception (DT_BUSY) and changes nothing. They never compute and never wait. Everything else: any thread at any
    /// time. Only Pull and FrameAt compute; they take turns, and nothing else waits for them.
    /// </summary>
    public sealed class FaceStream : IDisposable
    {
        internal IntPtr handle;
        readonly int channels, styleSize;

        /// <param name="identity">Name of a talking identity, or null: the bundle's default.</param>
        /// <param name="emotion">Name of an emotion, or null.</param>
        /// <param name="profile">Name of a latency profile, or null.</param>
        /// <param name="sampleRateHz">Rate of the pushes: not even the first one allocates then. 0: it decides.</param>
        /// <param name="growToMs">Audio that may wait, for voices that are made faster than speech; 0: one second.</param>
        /// <param name="historyMs">How long frames are kept, for FrameAt and InterruptAt; -1: the default.</param>
        public FaceStream(Model model, string identity = null, string emotion = null, string profile = null,
                          ulong seed = 0, int sampleRateHz = 0, float emotionStrength = 1, float headAmount = 1,
                          int growToMs = 0, int historyMs = -1)
        {
            channels = model.Info.Channels;
            styleSize = model.Info.StyleSize;
            var options = new Native.StreamOptions();
            Native.Check(Native.dt_stream_options_init(ref options, Native.SizeOf<Native.StreamOptions>()));
            using (Utf8 a = new Utf8(identity), b = new Utf8(emotion), c = new Utf8(profile))
            {
                options.Identity = a.Pointer;
                options.Emotion = b.Pointer;
                options.Profile = c.Pointer;
                options.Seed = seed;
                options.EmotionStrength = emotionStrength;
                options.HeadAmount = headAmount;
                options.SampleRateHz = sampleRateHz;
                options.GrowToMs = growToMs;
                options.HistoryMs = historyMs;
                Native.Check(Native.dt_stream_create(model.Handle, ref options, out handle));
            }
            GC.KeepAlive(model);
        }

        ~FaceStream() { Dispose(); }

        /// <summary>Appends interleaved audio of any rate; no network runs here.</summary>
        /// <param name="first">Index in samples where the audio starts.</param>
        /// <param name="frames">Sample frames: samples per channel.</param>
        /// <returns>False when the stream is full: pull, then push the same audio again.</returns>
        public bool Push(float[] samples, int first, int frames, int audioChannels, int sampleRateHz)
        {
            if (frames <= 0) return true;
            if (first < 0 || audioChannels < 1 || first + (long)frames * audioChannels > samples.Length)
                throw new ArgumentOutOfRangeException("frames");
            int status = Native.dt_stream_push(handle, ref samples[first], (UIntPtr)frames, audioChannels,
                                               sampleRateHz);
            if (status == Native.BufferFull) return false;
            Native.Check(status);
            return true;
        }

        /// <summary>The same for one utterance, of StreamInfo.Utterance or InterruptAt.</summary>
        public Pushed Push(float[] samples, int first, int frames, int audioChannels, int sampleRateHz, long utterance)
        {
            if (frames <= 0) return Pushed.Taken;
            if (first < 0 || audioChannels < 1 || first + (long)frames * audioChannels > samples.Length)
                throw new ArgumentOutOfRangeException("frames");
            int status = Native.dt_stream_push_utterance(handle, utterance, ref samples[first], (UIntPtr)frames,
                                                         audioChannels, sampleRateHz);
            if (status == Native.BufferFull) return Pushed.Full;
            if (status == Native.Stale) return Pushed.Stale;
            Native.Check(status);
            return Pushed.Taken;
        }

        /// <summary>Appends silence: to the end of the frame at hand, and so many frames. The face lives on.</summary>
        public void Idle(long frames) { Native.Check(Native.dt_stream_idle(handle, frames)); }

        /// <summary>Takes finished frames; networks run here, on this thread.</summary>
        /// <param name="weights">Filled frame by frame; its length limits the number of frames.</param>
        /// <param name="firstFrame">Index of the first frame; frame k is at k * FpsDen / FpsNum seconds.</param>
        /// <returns>Frames written; 0: push more audio.</returns>
        public int Pull(float[] weights, out long firstFrame)
        {
            UIntPtr frames;
            if (weights.Length < channels) throw new ArgumentException("weights is shorter than one frame");
            Native.Check(Native.dt_stream_pull(handle, ref weights[0], (UIntPtr)(weights.Length / channels),
                                               out firstFrame, out frames));
            return (int)frames;
        }

        /// <summary>The same with head poses: yaw, pitch, roll of each frame in radians; see dt/stream.h.</summary>
        /// <param name="headPose">As many frames as weights, 3 numbers each; zeros where HasHeadPose is 0.</param>
        public int Pull(float[] weights, float[] headPose, out long firstFrame)
        {
            UIntPtr frames;
            int capacity = Math.Min(weights.Length / channels, headPose.Length / 3);
            if (capacity < 1) throw new ArgumentException("weights or headPose is shorter than one frame");
            Native.Check(Native.dt_stream_pull_with_pose(handle, ref weights[0], ref headPose[0], (UIntPtr)capacity,
                                                         out firstFrame, out frames));
            return (int)frames;
        }

        /// <summary>The same, and whose frames they are: drop those of an utterance that is over.</summary>
        public int Pull(float[] weights, float[] headPose, out long firstFrame, out long utterance)
        {
            UIntPtr frames;
            int capacity = Math.Min(weights.Length / channels, headPose.Length / 3);
            if (capacity < 1) throw new ArgumentException("weights or headPose is shorter than one frame");
            Native.Check(Native.dt_stream_pull_utterance(handle, ref weights[0], ref headPose[0], (UIntPtr)capacity,
                                                         out firstFrame, out frames, out utterance));
            return (int)frames;
        }

        /// <summary>The pose of a moment, mixed from the two frames around it, for a player with a clock of its own.
        /// Takes frames as Pull does, as far as it needs; use one of the two.</summary>
        /// <param name="weights">Channels numbers.</param>
        /// <param name="headPose">3 numbers, or null.</param>
        /// <param name="maxHops">Windows that the call may compute; 0: none, and it waits for nobody; -1: all.</param>
        /// <returns>Seconds of the pose: earlier than asked for when the frames have not come.</returns>
        public double FrameAt(double seconds, float[] weights, float[] headPose = null, int maxHops = -1)
        {
            double shown;
            if (weights.Length < channels) throw new ArgumentException("weights is shorter than one frame");
            if (headPose != null && headPose.Length < 3) throw new ArgumentException("headPose is shorter than 3");
            Native.Check(Native.dt_stream_frame_at(handle, seconds, maxHops, weights, headPose, out shown));
            return shown;
        }

        /// <summary>Frames that Pull would give now.</summary>
        public long ReadyFrames()
        {
            long frames;
            Native.Check(Native.dt_stream_ready_frames(handle, out frames));
            return frames;
        }

        /// <summary>The sentence is over: the remaining frames become ready and ease to rest.</summary>
        public void Flush() { Native.Check(Native.dt_stream_flush(handle)); }

        /// <summary>The same for one utterance; false when it is over already.</summary>
        public bool Flush(long utterance)
        {
            int status = Native.dt_stream_flush_utterance(handle, utterance);
            if (status == Native.Stale) return false;
            Native.Check(status);
            return true;
        }

        /// <summary>Back to frame 0 and the rest pose, for the next sentence; frees and allocates nothing.</summary>
        public void Reset() { Native.Check(Native.dt_stream_reset(handle)); }

        /// <summary>Barge-in: drops what waits, eases to rest. Returns the frame of the next pushed sample.</summary>
        public long Interrupt(int easeMs)
        {
            long frame;
            Native.Check(Native.dt_stream_interrupt(handle, easeMs, out frame));
            return frame;
        }

        /// <summary>The same from the frame that is shown; frames after it count as never shown.</summary>
        /// <param name="utterance">Number for the pushes of what is said next.</param>
        public long InterruptAt(long shownFrame, int easeMs, out long utterance)
        {
            long frame;
            Native.Check(Native.dt_stream_interrupt_at(handle, shownFrame, easeMs, out frame, out utterance));
            return frame;
        }

        /// <summary>The next audio begins at this frame.</summary>
        public void Seek(long frame) { Native.Check(Native.dt_stream_seek(handle, frame)); }

        public void Pause(bool paused) { Native.Check(Native.dt_stream_pause(handle, paused ? 1 : 0)); }

        /// <summary>Changes who talks, or the mood, blended over a time.</summary>
        public void SetStyle(float[] style, int blendMs)
        {
            if (style.Length != styleSize) throw new ArgumentException("a style of another length");
            Native.Check(Native.dt_stream_set_style(handle, style, blendMs));
        }

        public StreamInfo GetInfo()
        {
            var info = new StreamInfo { StructSize = Native.SizeOf<StreamInfo>() };
            Native.Check(Native.dt_stream_get_info(handle, ref info));
            return info;
        }

        public void Dispose()
        {
            Native.dt_stream_release(handle);
            handle = IntPtr.Zero;
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Steps all streams of a model that are ready in one batch. Any thread; steps take turns.</summary>
    public sealed class Scheduler : IDisposable
    {
        IntPtr handle;

        public Scheduler(Model model)
        {
            var options = new Native.SchedulerOptions();
            Native.Check(Native.dt_scheduler_options_init(ref options, Native.SizeOf<Native.SchedulerOptions>()));
            Native.Check(Native.dt_scheduler_create(model.Handle, ref options, out handle));
            GC.KeepAlive(model);
        }

        ~Scheduler() { Dispose(); }

        /// <summary>From now on the stream's Pull only copies. The first of a profile takes seconds.</summary>
        public void Add(FaceStream stream) { Native.Check(Native.dt_scheduler_add(handle, stream.handle)); }

        public void Remove(FaceStream stream) { Native.Check(Native.dt_scheduler_remove(handle, stream.handle)); }

        /// <summary>Runs ready windows within a budget; -1: until none is left.</summary>
        public StepInfo Step(long budgetUs = -1)
        {
            var info = new StepInfo { StructSize = Native.SizeOf<StepInfo>() };
            Native.Check(Native.dt_scheduler_step(handle, budgetUs, -1, ref info));
            return info;
        }

        public void Dispose()
        {
            Native.dt_scheduler_release(handle);
            handle = IntPtr.Zero;
            GC.SuppressFinalize(this);
        }
    }
}
