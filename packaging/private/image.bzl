"""The rule that makes a container image of one layer (OCI Image Format Specification)."""

load("//packaging/private:tool.bzl", "run_tool", "tool_attr")

def _oci_image_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tar")
    run_tool(
        ctx,
        tool = ctx.executable._oci,
        mnemonic = "OciImage",
        progress_message = "Writing the image %s" % out.short_path,
        inputs = [ctx.file.layer],
        outputs = [out],
        request = {
            "output": out.path,
            "layer": ctx.file.layer.path,
            "architecture": ctx.attr.architecture,
            "reference": ctx.attr.reference,
            "command": ctx.attr.command,
            "environment": ctx.attr.environment,
            "working_directory": ctx.attr.working_directory,
        },
        # The image is large, quickly written, and depends on packages of this machine.
        execution_requirements = {"no-cache": "1", "no-remote": "1"},
    )
    return [DefaultInfo(files = depset([out]))]

oci_image = rule(
    implementation = _oci_image_impl,
    doc = """Writes NAME.tar, an OCI image layout that container engines can load.

The same layer and attributes give the same file.

Example:

```starlark
oci_image(
    name = "runner",
    command = ["/bin/bash"],
    layer = "@runner//:layer",
    reference = "iree-release/runner:latest",
)
```
""",
    attrs = {
        "architecture": attr.string(
            default = "amd64",
            doc = "The processor of the layer's programs, by its name in Go: amd64 or arm64.",
        ),
        "command": attr.string_list(doc = "The command that a container runs by default."),
        "environment": attr.string_dict(doc = "Environment variables of a container."),
        "layer": attr.label(
            allow_single_file = True,
            doc = "A tar archive with the file system.",
            mandatory = True,
        ),
        "reference": attr.string(
            doc = "The name that container engines load it as: NAME:TAG.",
            mandatory = True,
        ),
        "working_directory": attr.string(
            default = "/",
            doc = "The working directory of a container.",
        ),
        "_oci": tool_attr("//packaging/builder/image:oci"),
    },
)
