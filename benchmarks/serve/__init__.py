"""What clients of `diffusiontalker serve` see under load."""
