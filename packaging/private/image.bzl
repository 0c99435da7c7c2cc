"""Container images of one layer (OCI Image Format Specification)."""

load("//packaging/private:tool.bzl", "run_tool", "tool_attr")

def _oci_image_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tar")
    run_tool(
        ctx,
        tool = ctx.executable._oci,
        mnemonic = "OciImage",
        progress_message = "Making the image %s" % out.short_path,
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
        # It is quickly made of a file of this machine, and large.
        execution_requirements = {"no-cache": "1", "no-remote": "1"},
    )
    return [DefaultInfo(files = depset([out]))]

oci_image = rule(
    implementation = _oci_image_impl,
    doc = "NAME.tar: an image layout in a tar archive, which container engines load. Of the same " +
          "layer it has the same bytes.",
    attrs = {
        "architecture": attr.string(
            default = "amd64",
            doc = "What the layer's programs are built for, as Go names it.",
        ),
        "command": attr.string_list(doc = "What a container runs when nothing is named."),
        "environment": attr.string_dict(doc = "Variables of its programs."),
        "layer": attr.label(
            allow_single_file = True,
            doc = "A tar archive of the file system.",
            mandatory = True,
        ),
        "reference": attr.string(
            doc = "NAME:TAG that it is loaded as.",
            mandatory = True,
        ),
        "working_directory": attr.string(
            default = "/",
            doc = "Where programs start.",
        ),
        "_oci": tool_attr("//packaging/image:oci"),
    },
)
