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
            ProfileInfo live = model.GetProfile("live");
            Expect(live.HopFrames > 0 && live.LatencyMs > 0 && live.StreamBytes > 0, "profile");
            ExpectThrow(() => model.GetProfile("none"), "unknown profile");
            Styles(model);
        }
        ExpectThrow(() => new Model(new byte[] { 1, 2, 3 }), "bundle of three bytes");
        Console.WriteLine("all checks passed");
    }
}
