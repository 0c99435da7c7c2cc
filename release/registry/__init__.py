"""Package registries: our projects on them, pushes, and checks of what they have."""
