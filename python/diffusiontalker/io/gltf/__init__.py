"""Reading glTF 2.0, of ours and of others: the container, numbers, compressed ones, and curves of animations."""
