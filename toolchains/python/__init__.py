"""Python interpreters of the host, and from Debian packages where the host lacks one."""
