"""RADIUS as a gateway speaks it: packets as values, bytes in and bytes out. Pure."""
