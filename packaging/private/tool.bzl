"""Running our tools: each takes one JSON request that names its inputs and outputs."""

def tool_attr(label):
    """Returns the attribute through which a rule finds a tool.

    Args:
      label: the tool's label.

    Returns:
      An attribute.
    """
    return attr.label(default = label, executable = True, cfg = "exec")

def files_by_name(attribute):
    """Returns the Files of an attribute by the name or path that each gets in what is made.

    Args:
      attribute: dict of names by target, each target a single file.

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
      mnemonic: the action's mnemonic.
      progress_message: what Bazel shows meanwhile.
      inputs: Files that the request names.
      outputs: Files that the tool makes; the first lends its name to the request's file.
      request: dict, made into JSON.
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
