"""What Azure's operations show of a network, with the keys of ``az``: rows, whether of a lab or predicted."""
