"""What stands in the place of something that this machine does not have."""

def _unavailable_impl(ctx):
    fail(ctx.attr.reason)

unavailable = rule(
    implementation = _unavailable_impl,
    doc = "Fails, with the reason, when a target needs it.",
    attrs = {"reason": attr.string(mandatory = True, doc = "One sentence, with the mend.")},
)
