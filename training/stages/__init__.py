"""The stages of the recipe, one command each: teacher, distill, then training.export and training.eval."""
