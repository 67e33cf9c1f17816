"""Many labs at once: the file that names them, their tasks, the workers that build them, the file of results."""
