"""Tunnel types of point-to-site, a module each; ``port`` says what each of them does."""
