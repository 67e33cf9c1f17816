"""Terraform's states and plans -> resource bodies in ARM's words."""
