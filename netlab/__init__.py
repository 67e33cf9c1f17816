"""A packet-level lab of Azure hybrid networking in Linux network namespaces."""

__version__ = "0.1.0"
