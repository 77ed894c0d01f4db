"""The command `diffusiontalker`; its behaviour and exit codes are in docs/cli.md."""
