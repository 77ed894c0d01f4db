"""Totals of a corpus folder."""

from collections import Counter
from pathlib import Path

from training.corpus.reader import read_utterances


def totals(out_dir):
    """Reads every utterance of a corpus folder.

    Returns (seconds by (engine, split), utterances by (engine, split), drops by (engine, reason)).
    """
    seconds: Counter = Counter()
    counts: Counter = Counter()
    drops: Counter = Counter()
    for entry in read_utterances(out_dir):
        key = entry["engine"], entry["split"]
        seconds[key] += entry["n_samples"] / entry["sample_rate"]
        counts[key] += 1
    for path in sorted((Path(out_dir) / "dropped").glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            drops[path.stem, line.split("\t")[1]] += 1
    return seconds, counts, drops


def as_text(out_dir):
    """The totals as a table."""
    seconds, counts, drops = totals(out_dir)
    lines = [f"{'engine':10}{'split':8}{'utterances':>11}{'minutes':>9}"]
    for engine, split in sorted(counts):
        minutes = seconds[engine, split] / 60
        lines.append(f"{engine:10}{split:8}{counts[engine, split]:11d}{minutes:9.1f}")
    lines.append(f"{'all':18}{sum(counts.values()):11d}{sum(seconds.values()) / 60:9.1f}")
    lines += [f"dropped: {engine}: {reason}: {n}" for (engine, reason), n in sorted(drops.items())]
    return "\n".join(lines)
