"""Values of a plan as texts for the daemons and as vici messages, through templates. Pure."""
