"""The tools of the packaging rules: what turns payloads into wheels, dists and images."""
