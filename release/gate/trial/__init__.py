"""Running a release: what was found sound is installed or unpacked, used, and its numbers compared.

Each kind of machine has an engine, real or emulated. Where it is not to be had, the outcome is
"not run", with the reason, and never a pass.
"""
