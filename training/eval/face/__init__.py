"""Scores of what a viewer sees of a talking face: size, shape, timing, contacts, teeth and tongue, life, moods, noise.

One file per subject; `clip.Clip` is what all of them take. Measures of the lips are those of
`diffusiontalker.head.lip_measures`, in outer-canthal distances, for rendered and for tracked faces alike."""
