"""The requests of the actions that assemble wheels, so that a benchmark can run them again."""

_RequestsInfo = provider(
    doc = "The inputs and outputs of the actions that assemble a target's wheels.",
    fields = {
        "requests": "depset of File: the requests, one JSON file per wheel",
        "files": "depset of File: the inputs that the requests name, and the wheels",
    },
)

_MNEMONIC = "AssembleWheel"

def _requests_aspect_impl(target, ctx):
    below = [
        dependency[_RequestsInfo]
        for name in ("wheels", "wheel")
        for dependency in getattr(ctx.rule.attr, name, [])
        if _RequestsInfo in dependency
    ]
    files = [
        file
        for action in target.actions
        if action.mnemonic == _MNEMONIC
        for file in action.inputs.to_list() + action.outputs.to_list()
        # Bazel 7's placeholder for the runfiles of the tool, which is not a file.
        if "/_middlemen/" not in file.path
    ]
    return [_RequestsInfo(
        requests = depset(
            [file for file in files if file.path.endswith(".%s.json" % _MNEMONIC)],
            transitive = [info.requests for info in below],
        ),
        files = depset(files, transitive = [info.files for info in below]),
    )]

_requests_aspect = aspect(
    implementation = _requests_aspect_impl,
    doc = "Collects the requests of all wheels in a set of wheels.",
    attr_aspects = ["wheels", "wheel"],
)

def _packing_requests_impl(ctx):
    info = ctx.attr.wheels[_RequestsInfo]
    return [DefaultInfo(
        files = info.requests,
        runfiles = ctx.runfiles(transitive_files = info.files),
    )]

packing_requests = rule(
    implementation = _packing_requests_impl,
    doc = "The requests of the actions that assemble a set of wheels; runfiles have the files that " +
          "the requests name, and the wheels.",
    attrs = {
        "wheels": attr.label(
            mandatory = True,
            aspects = [_requests_aspect],
            doc = "The set, such as //packaging:all_wheels.",
        ),
    },
)
