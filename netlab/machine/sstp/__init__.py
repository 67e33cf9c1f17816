"""SSTP's daemons: sockets, TLS and a TUN around the state machines of ``netlab.sstp``."""
