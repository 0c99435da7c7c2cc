"""What packing costs, beside other packers and a plain copy. Never a timed test."""
