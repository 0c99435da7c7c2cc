"""A placeholder for a target that this machine cannot provide."""

def _unavailable_impl(ctx):
    fail(ctx.attr.reason)

unavailable = rule(
    implementation = _unavailable_impl,
    doc = "Fails with a reason if a target that is built depends on it.",
    attrs = {"reason": attr.string(mandatory = True, doc = "One sentence, including the fix.")},
)
