"""The checks of a running lab, one a file. Each says in its docstring when it succeeds and when it fails."""
