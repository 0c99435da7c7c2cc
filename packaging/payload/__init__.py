"""Native payload: which files a wheel or a dist holds, where they come from, how they get here."""
