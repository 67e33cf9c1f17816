"""Descriptions of Azure networks that others made -> a scenario file: az, Resource Graph, REST, ARM, Terraform.

Every reader makes resource bodies in ARM's words; these are normalised, joined by id, mapped and written. Pure: it
fetches nothing, and it reads no file but those that it is given.
"""
