"""The requests of the actions that assemble wheels, so that a benchmark can run them again."""

_RequestsInfo = provider(
    doc = "What the assembling actions of a target and its dependencies read and make.",
    fields = {
        "requests": "depset of File: the requests, one JSON file for each wheel",
        "files": "depset of File: the inputs that the requests name, and the finished wheels",
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
        # Bazel 7's stand-in for the runfiles of the tool, which is no file.
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
    doc = "Collects the requests of all wheels that a set of wheels consists of.",
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
    doc = "The requests from which the wheels of a set are assembled; runfiles hold whatever they " +
          "name, and the wheels.",
    attrs = {
        "wheels": attr.label(
            mandatory = True,
            aspects = [_requests_aspect],
            doc = "The set, such as //packaging:all_wheels.",
        ),
    },
)
