"""Providers: what the packaging rules pass to each other."""

NativePayloadInfo = provider(
    doc = """The files of one upstream package for one platform, and their origin.

The rules that assemble wheels and dists treat all payloads alike, whether they come from pinned
wheels, from an install tree or from a build from source.""",
    fields = {
        "platform": "string: name of the platform, or \"any\" for a payload without native files",
        "parts": "dict of File by name: ZIP archives with the files, already deflated",
        "abi_tags": "dict of string by Python tag: the ABI tag of the files for it; the payload " +
                    "has no files for other tags",
        "index": "File: JSON list of the files by Python tag, with role, part, digest and size " +
                 "(packaging/builder/payload/index.py), and their origin",
    },
)

InstallTreeInfo = provider(
    doc = "What a build from source installed.",
    fields = {
        "log": "File: the output of the build",
        "sources": "list of File: the sources that were built",
        "tree": "File: the directory",
    },
)

WheelInfo = provider(
    doc = "A wheel, and the fields of its file name.",
    fields = {
        "file": "File: the wheel",
        "distribution": "string: name of the distribution on the registry",
        "version": "string: its version",
        "python_tag": "string: py3, cp311, …",
        "abi_tag": "string: none, cp311, abi3, …",
        "platform": "string: name of the platform, or \"any\"",
        "index": "File: index of the wheel's payload",
    },
)

WheelSetInfo = provider(
    doc = "Wheels for several platforms and Pythons.",
    fields = {"wheels": "list of WheelInfo"},
)

DistFilesInfo = provider(
    doc = "Files of a payload, and where they go in a dist archive.",
    fields = {
        "executable": "bool: whether the files have mode 0755 instead of 0644",
        "link_from": "string: a directory that gets a symbolic link to each file, or None",
        "pattern": "string: pattern of the paths in the payload",
        "payload": "string: name of the payload",
        "to": "string: the directory that the files go to",
    },
)

DistLayoutInfo = provider(
    doc = "What a dist archive contains.",
    fields = {
        "contents": "list of DistFilesInfo: files of payloads",
        "files": "dict of File by path in the archive: files that are added unchanged",
        "templates": "dict of File by path in the archive: text files with placeholders",
    },
)

DistInfo = provider(
    doc = "A dist archive: the native tools and libraries of one platform.",
    fields = {
        "file": "File: the tar.xz",
        "version": "string: its version",
        "platform": "string: name of the platform",
        "indexes": "list of File: indexes of the payloads that it contains",
    },
)

DistSetInfo = provider(
    doc = "Dist archives for several platforms.",
    fields = {"dists": "list of DistInfo"},
)

ProductInfo = provider(
    doc = "A product: what is released together.",
    fields = {
        "description": "dict: the content of product.json",
        "matrix": "dict of list of strings: Pythons by platform",
        "wheels": "dict of structs of `tags` and `fix` by distribution (`wheels_by_platform`)",
    },
)
