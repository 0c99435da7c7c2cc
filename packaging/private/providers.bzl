"""What the packaging rules tell each other."""

NativePayloadInfo = provider(
    doc = "The files of one upstream package for one platform, and where they come from. " +
          "Whoever provides it (pinned wheels, an install tree, a build from source), the rules " +
          "that assemble wheels and dists cannot tell.",
    fields = {
        "platform": "string: name of the platform, or any for a payload without native files",
        "parts": "dict of File by name: ZIP archives with the files, already deflated",
        "abi_tags": "dict of string by Python tag: the ABI tag of the files for it; a payload has no " +
                    "files for a tag that is not here",
        "index": "File: JSON list of the files by Python tag, with role, part, digest and size " +
                 "(packaging/payload/index.py), and their origin",
    },
)

InstallTreeInfo = provider(
    doc = "What a build from source installed.",
    fields = {
        "log": "File: what the build said",
        "sources": "list of File: what it was built of",
        "tree": "File: the directory",
    },
)

WheelInfo = provider(
    doc = "A wheel, and what its name says.",
    fields = {
        "file": "File: the wheel",
        "distribution": "string: name of the distribution, as on the registry",
        "version": "string: its version",
        "python_tag": "string: py3, cp311, …",
        "abi_tag": "string: none, cp311, abi3, …",
        "platform": "string: name of the platform, or any",
        "index": "File: index of the payload that it holds",
    },
)

WheelSetInfo = provider(
    doc = "Wheels of one package for several platforms and Pythons.",
    fields = {"wheels": "list of WheelInfo"},
)

DistInfo = provider(
    doc = "A dist archive: the tools and libraries of one platform.",
    fields = {
        "file": "File: the tar.xz",
        "version": "string: its version",
        "platform": "string: name of the platform",
        "indexes": "list of File: indexes of the payloads that it holds",
    },
)

DistSetInfo = provider(
    doc = "Dist archives for several platforms.",
    fields = {"dists": "list of DistInfo"},
)
