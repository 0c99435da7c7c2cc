"""The index: a static site for installers and for people, made from what a store has published."""
