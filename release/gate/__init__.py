"""The gate: holds every byte of a release against its plan before anything leaves.

`inspect` looks at single files and knows nothing of the others, `judge` holds all reports against
the plan, `trial` installs and runs what was found sound. Nothing here raises on a broken
artifact: what is wrong with it is a Finding.
"""
