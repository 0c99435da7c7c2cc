"""Stores: where releases live. `store.py` says what a store is; each other module is one."""
