"""The wheelhouse: all wheels of a turbine release, and of what it requires, in one folder."""
