"""Assembly of wheels and dist archives: deterministic writers that copy compressed bytes."""
