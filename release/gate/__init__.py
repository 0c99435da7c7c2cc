"""The gate: checks every file of a release against its plan before anything is published.

`inspection` examines each file by itself, `smoke` installs and runs the files without faults, and
`judge` checks all reports against the plan. A broken artifact never raises an exception: each
problem becomes a Finding.
"""
