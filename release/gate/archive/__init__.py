"""Reading archives that nobody vouches for: wheels (ZIP) and dists (tar.xz), as streams.

Independent of packaging/assembly, which writes them: a gate that shared the writer's code would
share its blind spots. Nothing is ever unpacked to a place that an archive names.
"""
