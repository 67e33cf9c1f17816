"""What every namespace of a lab holds, read in one go: one dump of each kind of thing per namespace."""

from netlab.machine.inventory.links import Link
from netlab.machine.inventory.overflows import overflows
from netlab.machine.inventory.reading import Held, canonical_filters, defaults, read

__all__ = ["Held", "Link", "canonical_filters", "defaults", "overflows", "read"]
