"""Wires the layers below into what the command line calls, and holds the entry point of the controllers' process."""
