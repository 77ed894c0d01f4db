"""`diffusiontalker studio`: a page of the server on which people see, hear, tune and save a face."""
