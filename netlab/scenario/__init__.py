"""What a scenario file says: models, story, the loader with line numbers, the network, and Azure's rules. Pure."""
