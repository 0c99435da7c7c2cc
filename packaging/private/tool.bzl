"""How rules run the tools in packaging/builder: each reads one JSON request."""

def tool_attr(label):
    """Returns the attribute by which a rule depends on a tool.

    Args:
      label: label of the tool.

    Returns:
      An attribute.
    """
    return attr.label(default = label, executable = True, cfg = "exec")

def files_by_name(attribute):
    """Returns the Files of a label_keyed_string_dict attribute by their names.

    Args:
      attribute: dict of names or paths by target; each target is a single file.

    Returns:
      A dict of File by string.
    """
    files = {}
    for target, name in attribute.items():
        (files[name],) = target.files.to_list()
    return files

def run_tool(ctx, tool, mnemonic, progress_message, inputs, outputs, request, **kwargs):
    """Registers the action that runs a tool on a request.

    Args:
      ctx: the rule's context.
      tool: File, the executable.
      mnemonic: mnemonic of the action.
      progress_message: what Bazel shows while it runs.
      inputs: Files that the request names.
      outputs: Files that the tool writes; the request's file is named after the first.
      request: dict that is written as JSON.
      **kwargs: further arguments of ctx.actions.run, such as execution_requirements.
    """
    file = ctx.actions.declare_file("%s.%s.json" % (outputs[0].basename, mnemonic), sibling = outputs[0])
    ctx.actions.write(file, json.encode_indent(request, indent = "  ") + "\n")
    ctx.actions.run(
        executable = tool,
        arguments = [file.path],
        inputs = depset(inputs + [file]),
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {"PYTHONDONTWRITEBYTECODE": "1"},
        **kwargs
    )
