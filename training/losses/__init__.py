"""What training makes small: one module per stage (NAME_loss.py), and the terms that they are made of."""
