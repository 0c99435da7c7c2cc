"""What iree-turbine and shark-turbine are made of."""
