"""What a release is, and how it is published, promoted and purged.

Nothing here looks into packaging/: a release is a plan, a manifest, and files by digest.
"""
