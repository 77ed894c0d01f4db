"""From a student checkpoint to a bundle that the runtime loads."""
