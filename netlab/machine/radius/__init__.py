"""RADIUS: FreeRADIUS at the machines that are servers, and the programs of gateways that ask them."""
