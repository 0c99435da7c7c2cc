"""The gate: checks every file of a release against its plan before anything is published.

`inspection` looks at single files and knows nothing of the others, `smoke` installs and runs what
was found sound, and `judge` checks all reports against the plan. Nothing here raises on a broken
artifact: what is wrong with it becomes a Finding.
"""
