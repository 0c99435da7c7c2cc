"""What a release is, and (one module per verb) how it moves outward.

Nothing here looks into packaging/: a release is a plan, a manifest, and files by digest.
"""
