"""What the rules that make payloads share."""

load("//platforms:defs.bzl", "platform_named")

def base_name(path):
    """Returns the last name of a path."""
    return path.rpartition("/")[2]

def payload_target(platform):
    """Returns what native files of a payload must be for, as the tools are told it.

    Args:
      platform: a platform's name, or any.

    Returns:
      A dict with the fields of Target (packaging/payload/parts.py).
    """
    if platform == "any":
        return {"platform": "any", "system": "any", "cpu": "any"}
    struct = platform_named(platform)
    return {"platform": platform, "system": struct.os, "cpu": struct.cpu}
