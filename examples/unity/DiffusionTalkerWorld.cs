// One per scene: the model, and a thread that computes the faces of all characters in one batch, away from Unity's
// main thread. Compiled in the tests against stand-ins of the Unity types; not run inside Unity.
using System.IO;
using System.Threading;
using UnityEngine;

namespace DiffusionTalker
{
    public sealed class DiffusionTalkerWorld : MonoBehaviour
    {
        [Tooltip("Bundle folder under StreamingAssets")]
        public string bundle = "bundles/base";
        [Tooltip("A packed bundle, as an asset whose name ends in .bytes: for Android and WebGL, which have no files there")]
        public TextAsset packed;
        [Range(1, 8)]
        public int threads = 1;

        public Model Model { get; private set; }
        Scheduler scheduler;
        ulong nextSeed;
        volatile string failure;
#if UNITY_WEBGL && !UNITY_EDITOR
        const long BudgetUs = 4000;  // of a picture: there is no other thread
#else
        Thread worker;
        volatile bool stop;
#endif

        void Awake()
        {
            Model = packed != null
                ? new Model(packed.bytes, "auto", threads)
                : new Model(Path.Combine(Application.streamingAssetsPath, bundle), "auto", threads);
            if (Model.OpeningWarnings != "") Debug.LogWarning("DiffusionTalker: " + Model.OpeningWarnings);
            scheduler = new Scheduler(Model);
#if !UNITY_WEBGL || UNITY_EDITOR
            worker = new Thread(Work) { IsBackground = true, Name = "DiffusionTalker" };
            worker.Start();
#endif
        }

        /// <summary>A number for each character of the scene: two of one seed would blink at the same moments.</summary>
        public ulong NextSeed() { return nextSeed++; }

        /// <summary>From now on the worker computes this stream's frames.</summary>
        public void Join(FaceStream stream) { scheduler.Add(stream); }

#if UNITY_WEBGL && !UNITY_EDITOR
        void Compute()
        {
            try { scheduler.Step(BudgetUs); }
            catch (DiffusionTalkerException e) { failure = e.Message; }
        }

        void Join() { }
#else
        void Compute() { }

        void Join()
        {
            stop = true;
            if (worker != null) worker.Join();
        }

        void Work()
        {
            try
            {
                while (!stop)
                {
                    // Nothing was ready: sleep for less than the shortest hop, or the face would come late.
                    if (scheduler.Step().Windows == 0) Thread.Sleep(2);
                }
            }
            catch (DiffusionTalkerException e) { failure = e.Message; }
        }
#endif

        void Update()
        {
            Compute();
            if (failure == null) return;
            Debug.LogError("DiffusionTalker: " + failure);
            failure = null;
        }

        void OnDestroy()
        {
            Join();
            if (scheduler != null) scheduler.Dispose();
            if (Model != null) Model.Dispose();
        }
    }
}
