"""What would let a pair talk that cannot: changes of the scenario that were tried in the model. Pure."""

from netlab.azure.mends.search import mends, mends_of_many

__all__ = ["mends", "mends_of_many"]
