"""Results: what a command found, as frozen types from which the JSON and its schema are made.

Objects become names again here: a result is readable without the scenario.
"""
