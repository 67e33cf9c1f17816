"""The Internet is cut: its node forwards nothing, though every link to it is up."""

from __future__ import annotations

from netlab.lab.story.faults import machine

EFFECT = machine.EFFECT
