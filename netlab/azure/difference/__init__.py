"""What differs between two scenarios: objects, routes, cells, and the objects that a changed cell is because of. Pure.

`objects` compares what the files say, `naming` finds what was only renamed, `routes` and `cells` compare predictions,
`causes` finds the changed objects that a changed cell is because of: it undoes changes and predicts again.
"""
