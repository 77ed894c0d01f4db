// Run by test_unity.py: calls of the binding that the console program does not make.
using System;
using DiffusionTalker;

static class Checks
{
    static void Expect(bool ok, string what)
    {
        if (!ok) throw new Exception("failed: " + what);
    }

    static void ExpectThrow(Action action, string what)
    {
        try { action(); }
        catch (DiffusionTalkerException e) { Expect(e.Message.Length > 10 && e.Status < 0, what); return; }
        catch (ArgumentException) { return; }
        throw new Exception("no exception: " + what);
    }

    static float[] Voice(int n)
    {
        var samples = new float[n];
        for (int i = 0; i < n; ++i) samples[i] = 0.3f * (float)Math.Sin(0.05 * i) * (i / 400 % 2);
        return samples;
    }

    static float[] Run(FaceStream stream, float[] voice, int channels, int piece)
    {
        var weights = new float[300 * channels];
        var block = new float[7 * channels];
        int filled = 0, n;
        long first;
        for (int at = 0; at < voice.Length; at += piece)
        {
            Expect(stream.Push(voice, at, Math.Min(piece, voice.Length - at), 1, 16000), "room");
            while ((n = stream.Pull(block, out first)) > 0)
            {
                Expect(first * channels == filled, "frames in order");
                Array.Copy(block, 0, weights, filled, n * channels);
                filled += n * channels;
            }
            GC.Collect();  // moves arrays that are not pinned
        }
        stream.Flush();
        while ((n = stream.Pull(block, out first)) > 0)
        {
            Array.Copy(block, 0, weights, filled, n * channels);
            filled += n * channels;
        }
        Array.Resize(ref weights, filled);
        return weights;
    }

    static void Same(float[] a, float[] b, string what)
    {
        Expect(a.Length == b.Length && a.Length > 0, what + ": length");
        for (int i = 0; i < a.Length; ++i)
            Expect(BitConverter.ToInt32(BitConverter.GetBytes(a[i]), 0) ==
                   BitConverter.ToInt32(BitConverter.GetBytes(b[i]), 0), what);
    }

    static void Styles(Model model)
    {
        float[] a = model.GetStyle(model.IdentityName(0)), b = model.GetStyle(model.IdentityName(1));
        float[] half = model.BlendStyles(new[] { a, b }, new[] { 1f, 1f });
        for (int i = 0; i < half.Length; ++i) Expect(Math.Abs(half[i] - (a[i] + b[i]) / 2) < 1e-5, "blend");
        ExpectThrow(() => model.GetStyle("nobody"), "unknown identity");
        ExpectThrow(() => model.MixEmotions(new[] { "happy" }, new[] { 1f }), "a model without emotions");
        ExpectThrow(() => model.BlendStyles(new[] { a }, new[] { 0f }), "weights all 0");
    }

    static void Conversation(Model model, int channels, float[] voice)
    {
        using (var stream = new FaceStream(model, growToMs: 10000, historyMs: 2000))
        {
            var weights = new float[40 * channels];
            var pose = new float[40 * 3];
            var one = new float[channels];
            long first, utterance, answer, old = stream.GetInfo().Utterance;
            for (int i = 0; i < 4; ++i)
                Expect(stream.Push(voice, 0, voice.Length, 1, 16000, old) == Pushed.Taken, "a buffer that grows");
            Expect(stream.GetInfo().BufferedFrames == 120 && stream.GetInfo().NextAudioFrame == 120, "buffered");
            int n = stream.Pull(weights, pose, out first, out utterance);
            Expect(n == 40 && utterance == old, "whose frames");
            Expect(Math.Abs(stream.FrameAt(10.5 / 30, one) - 10.5 / 30) < 1e-9, "a moment");
            for (int c = 0; c < channels; ++c)
                Expect(Math.Abs(one[c] - (weights[10 * channels + c] + weights[11 * channels + c]) / 2) < 1e-6, "mixed");
            Expect(stream.InterruptAt(20, 100, out answer) == 24 && answer == old + 1, "from the shown frame");
            Expect(stream.Push(voice, 0, 10, 1, 16000, old) == Pushed.Stale && !stream.Flush(old), "a cancelled voice");
            Expect(stream.Pull(weights, pose, out first, out utterance) == 3, "easing");
            Expect(first == 21 && utterance == answer, "the easing is of the answer");
            stream.Idle(60);
            Expect(stream.GetInfo().NextAudioFrame == 84 && stream.ReadyFrames() > 0, "idle");
            ExpectThrow(() => stream.FrameAt(double.NaN, one), "no time");
            ExpectThrow(() => stream.InterruptAt(500, 0, out first), "a frame that was not pulled");
            Expect(stream.Flush(answer), "flush");
        }
    }

    static void Main(string[] args)
    {
        using (var model = new Model(args[0]))
        {
            int channels = model.Info.Channels;
            Expect(channels == 52 && model.Channels[17] == "jawOpen", "channels");
            Expect(model.ProfileName(0) != null && model.IdentityName(0) == "ada", "names");
            float[] voice = Voice(16000);
            using (var stream = new FaceStream(model, sampleRateHz: 16000))
            {
                float[] whole = Run(stream, voice, channels, 1600);
                Expect(whole.Length == 30 * channels, "frames of one second");
                stream.Reset();
                Same(whole, Run(stream, voice, channels, 37), "chunking");
                ExpectThrow(() => stream.Push(voice, 0, 10, 1, 16000), "push after flush");
                stream.Reset();
                stream.Push(voice, 0, voice.Length, 1, 16000);
                stream.Flush();
                var weights = new float[30 * channels];
                var pose = new float[20 * 3];
                long first;
                Expect(model.Info.HasHeadPose == 0 && stream.Pull(weights, pose, out first) == 20, "the shorter one");
                Expect(Array.TrueForAll(pose, value => value == 0), "no head pose");
                stream.Reset();
                ExpectThrow(() => stream.Push(voice, 15990, 11, 1, 16000), "slice over the end");
                ExpectThrow(() => stream.Push(new[] { float.NaN }, 0, 1, 1, 16000), "NaN");
                Expect(stream.Push(voice, 0, 0, 1, 16000), "nothing");
                stream.SetStyle(model.GetStyle("ben"), 0);
                stream.Push(voice, 0, 8000, 1, 16000);
                stream.Pause(true);
                Expect(stream.GetInfo().IsPaused == 1, "paused");
                stream.Pause(false);
                Expect(stream.Interrupt(100) >= 0, "interrupt");
                stream.Seek(300);
                Expect(stream.GetInfo().NextFrame == 300, "seek");
            }
            Conversation(model, channels, voice);
            ProfileInfo live = model.GetProfile("live");
            Expect(live.HopFrames > 0 && live.LatencyMs > 0 && live.StreamBytes > 0, "profile");
            ExpectThrow(() => model.GetProfile("none"), "unknown profile");
            Styles(model);
        }
        ExpectThrow(() => new Model(new byte[] { 1, 2, 3 }), "bundle of three bytes");
        using (var prepared = new Model(args[0], "auto", 1, new[] { "live", "offline" }))
            Expect(prepared.OpeningWarnings == "", "warnings of an opening that went well");
        ExpectThrow(() => new Model(args[0], "auto", 1, new[] { "live", "lively" }), "a profile that is not there");
        Console.WriteLine("all checks passed");
    }
}
