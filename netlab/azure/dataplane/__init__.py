"""The data plane as data: what every node does with packets at a moment, and one walk through all of them."""
