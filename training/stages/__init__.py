"""The stages of the recipe, one command each: teacher, distill, then trt_build.export and training.eval."""
