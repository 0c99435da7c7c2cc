"""Where commits come from: a checkout on this machine, or GitHub."""
