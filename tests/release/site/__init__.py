"""The index: what installers read of it, what people see, and how it is written."""
