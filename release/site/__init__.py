"""The index: a static site for package installers and browsers, written from a store."""
