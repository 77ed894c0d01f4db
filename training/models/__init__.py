"""The networks. Two are exported: the audio encoder (once per hop) and the denoiser (once per sampler step)."""
