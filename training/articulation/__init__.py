"""Rule-based talking face: phones with timings and loudness -> ARKit-52 weights, the ground truth of our corpus."""
