"""From a corpus of speech with phone timings to training windows."""
