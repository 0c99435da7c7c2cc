"""Makes the wheels of iree-turbine and shark-turbine."""
