"""ARM templates -> resource bodies, as the deployment would make them.

`syntax` reads an expression, `interpreter` evaluates it, `functions` holds what templates call. `deployments` makes
resources of a template: conditions, copy loops, nested and linked templates. `references` answers `reference()` from
the resources themselves. `evaluate` is the door.
"""
