"""Parses locks of pip-compile: pins, their dependents, and groups to download together."""

def parse(text, name, fix):
    """Parses a lock that pip-compile wrote with hashes and annotations.

    Args:
      text: the lock.
      name: its name in messages.
      fix: the command that rewrites it, for messages.

    Returns:
      A dict of structs by normalized project name: `pin`, the requirement with its hashes, and
      `via`, the normalized names of the projects that require it, and `-r FILE` for input files.
    """
    blocks = {}
    project, annotated = None, False
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip().removesuffix("\\").strip()
        if line[:1].isalnum():
            project, annotated = normalize(content.partition("==")[0]), False
            if "==" not in content or " " in content:
                fail(_message(name, number, "expected PROJECT==VERSION, not %r" % content, fix))
            blocks[project] = struct(pin = [content], via = [])
        elif content.startswith("--hash=") and project:
            blocks[project].pin.append(content)
        elif content.startswith("#") and project:
            word = content.removeprefix("#").strip()
            if word == "via":
                annotated = True
            elif word.startswith("via "):
                annotated = True
                blocks[project].via.append(_parent(word.removeprefix("via ")))
            elif annotated and line.startswith(" "):
                blocks[project].via.append(_parent(word))
        elif content and not content.startswith("#"):
            fail(_message(name, number, "expected a hash, not %r" % content, fix))
    for project, block in blocks.items():
        if len(block.pin) == 1:
            fail(_message(name, None, "%s has no hash" % project, fix))
        if not block.via:
            fail(_message(name, None, "%s has no `via` annotation" % project, fix))
        for parent in block.via:
            if not parent.startswith("-r ") and parent not in blocks:
                fail(_message(name, None, "%s requires %s but is not pinned" % (parent, project), fix))
    return {
        project: struct(pin = " ".join(block.pin), via = block.via)
        for project, block in blocks.items()
    }

def group(pins, inputs):
    """Groups the pins by the input file that requires them, directly or transitively.

    Args:
      pins: the pins, as `parse` returns them.
      inputs: paths of the input files; a project that several require is in the first group.

    Returns:
      A dict of lists of project names by input file; every project is in exactly one list.
    """
    groups = {}
    ungrouped = {project: None for project in pins}
    for input in inputs:
        reached = {"-r " + input: None}

        # A chain of requirements is no longer than the lock.
        for _ in pins:
            found = [
                project
                for project in pins
                if project not in reached and [via for via in pins[project].via if via in reached]
            ]
            if not found:
                break
            reached.update({project: None for project in found})
        groups[input] = [project for project in pins if project in reached and project in ungrouped]
        for project in groups[input]:
            ungrouped.pop(project)
    if ungrouped:
        fail("none of %s requires %s: add the missing input file to `groups`." % (
            ", ".join(inputs),
            ", ".join(ungrouped.keys()),
        ))
    return groups

def dependencies(pins):
    """Returns the dependencies of each project.

    Args:
      pins: the pins, as `parse` returns them.

    Returns:
      A dict of lists of project names, by project name.
    """
    required = {project: [] for project in pins}
    for project, block in pins.items():
        for parent in block.via:
            if parent in required:
                required[parent].append(project)
    return required

def normalize(project):
    """Normalizes the name of a project for labels.

    Args:
      project: name of a project, in any spelling that registries accept: "ruamel.yaml".

    Returns:
      The name in lower case, with underscores: "ruamel_yaml".
    """
    name = project.lower().replace("-", "_").replace(".", "_")
    for _ in range(len(name)):
        name = name.replace("__", "_")
    return name

def _parent(word):
    return word if word.startswith("-r ") else normalize(word.partition("[")[0])

def _message(name, number, problem, fix):
    where = "%s, line %d" % (name, number) if number else name
    return "%s: %s; rewrite it with: %s" % (where, problem, fix)
