"""The core of the verbs: versions, marks, settings, and how a program ends."""
