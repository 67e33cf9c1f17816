"""The live page: a server on this machine alone, which shows a scenario file or a lab and changes neither."""
