"""What the command line calls: each module wires the rooms below into the verbs of one subject.

A module imports no more rooms than its verbs need, so that checking a scenario loads nothing of Linux.
"""
