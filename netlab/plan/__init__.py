"""Linux's nouns and the planner: names, addresses, links, routes, daemons. Pure."""
