"""A rule that writes all targets that Bazel needs to build some targets to a file, for a test."""

_ClosureInfo = provider(
    doc = "The transitive dependencies of a target.",
    fields = {"labels": "Depset of labels, as strings."},
)

def _targets(rule):
    """Returns the direct dependencies of a rule, in all attributes."""
    found = []
    for name in dir(rule.attr):
        value = getattr(rule.attr, name)
        values = value if type(value) == "list" else [value]
        if type(value) == "dict":
            values = value.keys() + value.values()
        found += [each for each in values if type(each) == "Target"]
    return found

def _closure_aspect_impl(target, ctx):
    targets = _targets(ctx.rule)
    return [_ClosureInfo(labels = depset(
        [str(target.label)] + [str(each.label) for each in targets],
        transitive = [each[_ClosureInfo].labels for each in targets if _ClosureInfo in each],
    ))]

_closure_aspect = aspect(
    implementation = _closure_aspect_impl,
    attr_aspects = ["*"],
    doc = "Follows all attributes; unlike `bazel query`, only in the current configuration.",
)

def _closure_impl(ctx):
    labels = depset(transitive = [target[_ClosureInfo].labels for target in ctx.attr.targets])
    file = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(file, "".join([label + "\n" for label in sorted(labels.to_list())]))
    return [DefaultInfo(files = depset([file]))]

closure = rule(
    implementation = _closure_impl,
    doc = "Writes the labels of all dependencies of some targets to a file, one per line.",
    attrs = {
        "targets": attr.label_list(
            aspects = [_closure_aspect],
            doc = "The targets.",
            mandatory = True,
        ),
    },
)
