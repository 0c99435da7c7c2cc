"""What is released: one package for each product."""
