"""The rule that describes a product to the release commands, and to the rules that plan it."""

load("//packaging/private:providers.bzl", "ProductInfo")

def _product_description_impl(ctx):
    description = json.decode(ctx.attr.description)
    wheels = {
        name: struct(tags = each["tags"], fix = each["fix"])
        for name, each in json.decode(ctx.attr.wheels).items()
    }
    content = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(content, json.encode_indent(description, indent = "  ") + "\n")
    smoke = ctx.file.smoke_main
    needed = {
        "label": "//" + ctx.label.package,
        "smoke": smoke.short_path if smoke else None,
        "requirements": {
            "locks": [file.short_path for file in ctx.files.requirements],
            "package": ctx.attr.requirements_package,
            "fix": ctx.attr.requirements_fix,
        } if ctx.files.requirements else None,
    }
    files = ctx.actions.declare_file(ctx.label.name + ".files.json")
    ctx.actions.write(files, json.encode_indent(needed, indent = "  ") + "\n")
    outputs = [content, files]
    runtime = ctx.files.requirements + ctx.files.smoke_srcs + ([smoke] if smoke else [])
    return [
        DefaultInfo(
            files = depset(outputs),
            runfiles = ctx.runfiles(files = outputs + runtime),
        ),
        ProductInfo(
            description = description,
            matrix = ctx.attr.matrix,
            wheels = wheels,
        ),
    ]

product_description = rule(
    implementation = _product_description_impl,
    doc = """Describes a product: NAME.json, and NAME.files.json with what commands need of it.

`product` declares it; the files are those that `release/model/product.py` and `products.py` read.

Example:

```starlark
product_description(
    name = "product",
    description = json.encode(description),
    matrix = MATRIX,
    wheels = json.encode(wheels),
)
```
""",
    provides = [ProductInfo],
    attrs = {
        "description": attr.string(mandatory = True, doc = "The content of product.json."),
        "matrix": attr.string_list_dict(mandatory = True, doc = "Pythons by platform."),
        "requirements": attr.label_list(
            allow_files = [".txt"],
            doc = "The locks of what its distributions require.",
        ),
        "requirements_fix": attr.string(doc = "The command that writes the locks."),
        "requirements_package": attr.string(doc = "The directory of the locks in the workspace."),
        "smoke_main": attr.label(allow_single_file = [".py"], doc = "The smoke program."),
        "smoke_srcs": attr.label_list(
            allow_files = True,
            doc = "The other files of the smoke program.",
        ),
        "wheels": attr.string(
            mandatory = True,
            doc = "What `wheels_by_platform` returns for each distribution, by name, as JSON.",
        ),
    },
)
