"""Networks made ready for a stage: new ones and those of bundles, fitted to the motion and the library of clips."""
