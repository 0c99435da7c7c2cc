"""What a release is: its documents, its versions, its settings."""
