"""SSTP ([MS-SSTP]) and the PPP inside it, as state machines: bytes in, bytes out. Pure."""
