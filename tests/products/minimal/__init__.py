"""The smallest product: one pure package, without dist archives and without a smoke program."""
