"""Models, streams and animations: the Python face of the C ABI."""
