// Streams a WAV file through the binding as a game would, 10 ms at a time, and writes every frame:
//   Program.exe bundle-folder speech.wav weights.f32 [backend] [profile] [scheduler]
// weights.f32: little-endian float32, frame by frame. Prints the frame at which jawOpen is widest.
using System;
using System.IO;
using DiffusionTalker;

static class Program
{
    static int Main(string[] args)
    {
        if (args.Length < 3)
        {
            Console.Error.WriteLine("usage: Program.exe bundle speech.wav weights.f32 [backend] [profile] [scheduler]");
            return 2;
        }
        try
        {
            Stream(args[0], args[1], args[2], args.Length > 3 ? args[3] : "auto", args.Length > 4 ? args[4] : null,
                args.Length > 5 && args[5] == "scheduler");
            return 0;
        }
        catch (DiffusionTalkerException e)
        {
            Console.Error.WriteLine("error " + e.Status + ": " + e.Message);
            return 1;
        }
    }

    static void Stream(string bundle, string wav, string output, string backend, string profile,
                       bool scheduled)
    {
        int channels, rate;
        float[] samples = ReadWav(wav, out channels, out rate);
        using (var model = new Model(bundle, backend))
        using (var stream = new FaceStream(model, profile: profile))
        using (Scheduler scheduler = scheduled ? new Scheduler(model) : null)
        using (var file = new BinaryWriter(File.Create(output)))
        {
            ProfileInfo sizes = model.GetProfile(profile);
            Console.WriteLine("{0}: {1} channels, {2} ms of audio ahead, hops of {3} frames", model.BackendName,
                model.Info.Channels, sizes.LookaheadSamples * 1000L / model.Info.SampleRateHz, sizes.HopFrames);
            var widest = new Widest(Array.IndexOf(model.Channels, "jawOpen"));
            var frames = new float[8 * model.Info.Channels];
            if (scheduler != null) scheduler.Add(stream);
            int block = Math.Max(1, rate / 100), total = samples.Length / channels;
            for (int at = 0; at < total; at += block)
            {
                stream.Push(samples, at * channels, Math.Min(block, total - at), channels, rate);
                Take(stream, scheduler, frames, model.Info, file, widest);
            }
            stream.Flush();
            Take(stream, scheduler, frames, model.Info, file, widest);
            Console.WriteLine("{0} frames, jawOpen widest at frame {1}", widest.Frames, widest.At);
        }
    }

    sealed class Widest
    {
        public readonly int Channel;
        public long Frames, At;
        public float Value = float.MinValue;
        public Widest(int channel) { Channel = channel; }
    }

    static void Take(FaceStream stream, Scheduler scheduler, float[] frames, ModelInfo info, BinaryWriter file,
                     Widest widest)
    {
        long first;
        int n;
        // With a scheduler, Step computes (in a game on another thread) and Pull copies; else Pull does both.
        while ((scheduler != null && scheduler.Step().Windows > 0) | (n = stream.Pull(frames, out first)) > 0)
        {
            for (int i = 0; i < n * info.Channels; ++i) file.Write(frames[i]);
            for (int i = 0; i < n && widest.Channel >= 0; ++i)
            {
                float jaw = frames[i * info.Channels + widest.Channel];
                if (jaw > widest.Value) { widest.Value = jaw; widest.At = first + i; }
            }
            widest.Frames = first + n;
        }
    }

    /// <summary>16-bit PCM only; a game has its engine's audio instead.</summary>
    static float[] ReadWav(string path, out int channels, out int rate)
    {
        byte[] b = File.ReadAllBytes(path);
        channels = rate = 0;
        for (long at = 12; at + 8 <= b.Length;)
        {
            string id = System.Text.Encoding.ASCII.GetString(b, (int)at, 4);
            long size = BitConverter.ToUInt32(b, (int)at + 4), left = b.Length - at - 8;
            int body = (int)at + 8;
            if (id == "fmt " && Math.Min(size, left) >= 16)
            {
                if (BitConverter.ToInt16(b, body) != 1 || BitConverter.ToInt16(b, body + 14) != 16) break;
                channels = BitConverter.ToInt16(b, body + 2);
                rate = BitConverter.ToInt32(b, body + 4);
            }
            if (id == "data" && channels > 0)
            {
                // Programs that could not know the size put 0 there, or nearly 2^31 or 2^32.
                long whole = (size == 0 ? left : Math.Min(size, left)) / (2 * channels) * channels;
                var samples = new float[whole];
                for (int i = 0; i < samples.Length; ++i)
                    samples[i] = BitConverter.ToInt16(b, body + 2 * i) / 32768f;
                return samples;
            }
            at += 8 + size + (size & 1);
        }
        throw new DiffusionTalkerException(-1, path + " is not a 16-bit PCM WAV file");
    }
}
