"""A live face: sound from a microphone, a pipe or a file in real time, frames to senders (docs/live.md)."""
