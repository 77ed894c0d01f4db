"""The stages of the recipe, one command each: personaliser, teacher, encoder, distill (training/README.md)."""
