// A script of a wheel that runs the tool of its own name, which lies in the wheel's package.
//
// Upstream's scripts start Python, and import a package, to find a file whose place relative to
// them is known. This finds it by looking at the layouts that installers make:
//
//   PREFIX/bin, PREFIX/lib/python3.12/site-packages   a virtual environment, a prefix, --user
//   PREFIX\Scripts, PREFIX\Lib\site-packages          the same on Windows
//   PREFIX\Scripts, PREFIX\site-packages              --user on Windows
//   TARGET/bin, TARGET                                pip install --target
//   WHEEL/NAME.data/scripts, WHEEL                    an unpacked wheel, which uv may link to
//
// and, as Python would, at PYTHONPATH before and at the folders that .pth files name behind.
//
// tools.h is made from the package's BUILD file (launcher.bzl): PACKAGE, SEARCH_VARIABLE,
// VARIANT_VARIABLE, and the tables `tools` and `variants`.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

// A tool, by the name of its script.
struct tool {
  const char *name;
  // The folder of the package that has it, below site-packages.
  const char *folder;
  // Whether the variants have it as well.
  bool varies;
};

// Another build of the tools that a variable asks for.
struct variant {
  const char *value;
  // What is said when it is chosen.
  const char *title;
  const char *folder;
};

#include "tools.h"

enum { NOT_FOUND = 127, MOST_LOOKS = 64 };

// Where the tool was looked for, for the message when it is nowhere.
static char *looked[MOST_LOOKS];
static int looks;

static char *text(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *made = malloc(length + 1);
  if (!made) abort();
  va_start(arguments, format);
  vsnprintf(made, length + 1, format, arguments);
  va_end(arguments);
  return made;
}

static bool is_separator(char character) { return character == '/' || character == host_separator; }

static char *joined(const char *folder, const char *name) {
  size_t length = strlen(folder);
  if (length && is_separator(folder[length - 1])) return text("%s%s", folder, name);
  return text("%s%c%s", folder, host_separator, name);
}

// The part of a path before its last name; "." when there is none.
static char *parent(const char *path) {
  size_t end = strlen(path);
  while (end && !is_separator(path[end - 1])) end--;
  while (end > 1 && is_separator(path[end - 1])) end--;
  return end ? text("%.*s", (int)end, path) : text(".");
}

static const char *base_name(const char *path) {
  const char *name = path;
  for (; *path; path++) {
    if (is_separator(*path)) name = path + 1;
  }
  return name;
}

static bool begins(const char *string, const char *start) {
  return !strncmp(string, start, strlen(start));
}

static bool ends(const char *string, const char *end) {
  size_t length = strlen(string), tail = strlen(end);
  return length >= tail && !strcmp(string + length - tail, end);
}

// The next of several parts, or NULL; `rest` goes on behind it.
static char *next(char **rest, char separator) {
  char *part = *rest;
  if (!part) return NULL;
  char *end = strchr(part, separator);
  if (end) *end = 0;
  *rest = end ? end + 1 : NULL;
  return part;
}

// The tool in a folder that holds packages, or NULL.
static char *in_packages(const char *packages, const char *folder, const char *name) {
  char *path = text("%s%c%s%c%s%s", packages, host_separator, folder, host_separator, name,
                    host_program_suffix);
  if (host_is_program(path)) return path;
  for (int i = 0; i < looks; i++) {
    if (!strcmp(looked[i], packages)) return NULL;
  }
  if (looks < MOST_LOOKS) looked[looks++] = text("%s", packages);
  return NULL;
}

// The tool in a folder of site packages or, as in an editable environment, in one that a .pth file
// there adds; NULL when it is in none.
static char *in_site(const char *site, const char *folder, const char *name) {
  char **names = host_list(site);
  if (!*names) return NULL;
  char *found = in_packages(site, folder, name);
  for (; *names && !found; names++) {
    if (!ends(*names, ".pth")) continue;
    char *rest = host_read(joined(site, *names));
    for (char *line; (line = next(&rest, '\n')) && !found;) {
      line[strcspn(line, "\r")] = 0;
      if (!*line || *line == '#' || begins(line, "import ") || begins(line, "import\t")) continue;
      bool absolute = is_separator(*line) || line[1] == ':';
      found = in_packages(absolute ? line : joined(site, line), folder, name);
    }
  }
  return found;
}

// The folder that a virtual environment's Python has below lib, such as python3.12; NULL when
// PREFIX is none.
static char *own_python(const char *prefix) {
  char *rest = host_read(joined(prefix, "pyvenv.cfg"));
  for (char *line; (line = next(&rest, '\n'));) {
    int major, minor;
    if (sscanf(line, "version = %d.%d", &major, &minor) == 2 ||
        sscanf(line, "version_info = %d.%d", &major, &minor) == 2) {
      return text("python%d.%d", major, minor);
    }
  }
  return NULL;
}

// The tool below PREFIX/lib, where each Python may have its own copy: that of the environment's
// Python or else, since a script is the one that was installed last, the youngest.
static char *in_library(const char *prefix, const char *library, const char *folder,
                        const char *name) {
  static const char *const sites[] = {"site-packages", "dist-packages"};
  char *root = joined(prefix, library), *own = own_python(prefix), *found = NULL;
  long long youngest = -1;
  for (char **entry = host_list(root); *entry; entry++) {
    if (!begins(*entry, "python")) continue;
    for (int i = 0; i < 2; i++) {
      char *path = in_site(joined(joined(root, *entry), sites[i]), folder, name);
      if (!path) continue;
      if (own && !strcmp(*entry, own)) return path;
      long long written = host_written(parent(path));
      if (written > youngest) youngest = written, found = path;
    }
  }
  return found;
}

// The tool of a script that lies in the folder `scripts`, or NULL.
static char *beside(const char *scripts, const char *folder, const char *name) {
  char *prefix = parent(scripts), *found = in_library(prefix, "lib", folder, name);
  if (!found) found = in_library(prefix, "lib64", folder, name);
  if (!found) found = in_site(joined(joined(prefix, "Lib"), "site-packages"), folder, name);
  if (!found) found = in_site(joined(prefix, "site-packages"), folder, name);
  if (!found) found = in_packages(prefix, folder, name);
  if (!found && ends(prefix, ".data")) found = in_packages(parent(prefix), folder, name);
  return found;
}

// The path by which the launcher was called, found on PATH when it is a name alone, or NULL.
static char *invoked_path(const char *argument) {
  if (!argument) return NULL;
  if (base_name(argument) != argument) return text("%s", argument);
  char *rest = host_variable("PATH");
  for (char *folder; (folder = next(&rest, host_list_separator));) {
    char **names = host_list(folder);
    for (; *names; names++) {
      if (!strcmp(*names, argument)) return joined(folder, argument);
    }
  }
  return NULL;
}

// The tool in one of the folders that the package's own variable names, or NULL.
static char *in_search_variable(const char *name) {
  char *rest = SEARCH_VARIABLE ? host_variable(SEARCH_VARIABLE) : NULL;
  for (char *folder; (folder = next(&rest, host_list_separator));) {
    char *path = text("%s%c%s%s", folder, host_separator, name, host_program_suffix);
    if (*folder && host_is_program(path)) return path;
  }
  return NULL;
}

static char *find(const char *folder, const char *name, const char *own, const char *invoked) {
  char *found = in_search_variable(name);
  char *rest = host_variable("PYTHONPATH");
  for (char *entry; !found && (entry = next(&rest, host_list_separator));) {
    if (*entry) found = in_packages(entry, folder, name);
  }
  if (!found && own) found = beside(parent(own), folder, name);
  if (!found && invoked) found = beside(parent(invoked), folder, name);
  return found;
}

static const struct tool *tool_named(const char *path) {
  if (!path) return NULL;
  for (const struct tool *tool = tools; tool->name; tool++) {
    if (!strcmp(base_name(path), text("%s%s", tool->name, host_program_suffix))) return tool;
  }
  return NULL;
}

// The folder that has the tool, for the build that the package's variable asks for.
static const char *folder_of(const struct tool *tool) {
  char *value = VARIANT_VARIABLE && tool->varies ? host_variable(VARIANT_VARIABLE) : NULL;
  if (!value || !strcmp(value, "default")) return tool->folder;
  for (const struct variant *variant = variants; variant->value; variant++) {
    if (strcmp(value, variant->value)) continue;
    host_say(text("-- Using %s (%s=%s)\n", variant->title, VARIANT_VARIABLE, value));
    return variant->folder;
  }
  host_say(text("%s: %s=%s is not known; using the default\n", tool->name, VARIANT_VARIABLE, value));
  return tool->folder;
}

static int not_named(const char *path) {
  host_say(text("%s: no tool of %s has this name, and its launcher goes by it; it has:",
                path ? base_name(path) : "launcher", PACKAGE));
  for (const struct tool *tool = tools; tool->name; tool++) host_say(text(" %s", tool->name));
  host_say("\n");
  return NOT_FOUND;
}

// The last line is the one that a log keeps: what is wrong, and the mend.
static int not_found(const char *folder, const char *name) {
  host_say(text("%s: %s/%s%s is in none of these folders:\n", name, folder, name,
                host_program_suffix));
  for (int i = 0; i < looks; i++) host_say(text("  %s\n", looked[i]));
  host_say(text("%s: its package %s is missing or incomplete; reinstall the same version (pip "
                "install --force-reinstall %s==VERSION)",
                name, PACKAGE, PACKAGE));
  if (SEARCH_VARIABLE) host_say(text(", or name the tool's folder in %s", SEARCH_VARIABLE));
  host_say("\n");
  return NOT_FOUND;
}

int main(int count, char **arguments) {
  char *own = host_own_path();
  char *invoked = invoked_path(count ? arguments[0] : NULL);
  const struct tool *tool = tool_named(own);
  if (!tool) tool = tool_named(invoked);
  if (!tool) return not_named(own ? own : invoked);
  const char *folder = folder_of(tool);
  char *found = find(folder, tool->name, own, invoked);
  return found ? host_run(found, arguments) : not_found(folder, tool->name);
}
