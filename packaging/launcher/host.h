// What the launcher asks of the system. Paths and text are UTF-8 everywhere.

#ifndef PACKAGING_LAUNCHER_HOST_H_
#define PACKAGING_LAUNCHER_HOST_H_

#include <stdbool.h>

// Ends the names of programs; "" where they end in nothing.
extern const char host_program_suffix[];
// Stands between the parts of a path, and between the paths in a variable such as PATH.
extern const char host_separator;
extern const char host_list_separator;

// Path of the launcher itself with symbolic links resolved, or NULL when the system does not say.
char *host_own_path(void);

// Value of an environment variable, or NULL when it is not set or empty.
char *host_variable(const char *name);

// Whether a path is a file that may be run, and is not the launcher itself.
bool host_is_program(const char *path);

// When something was last written into a folder, in a unit of the system's; 0 when it is none.
long long host_written(const char *folder);

// Names in a folder, sorted, NULL at the end; an empty list when it is no folder.
char **host_list(const char *folder);

// Content of a small text file, or NULL when it cannot be read.
char *host_read(const char *path);

// Writes to standard error.
void host_say(const char *text);

// Runs a program in the place of the launcher, on the launcher's own arguments, and returns the
// exit code of the process; says why and returns 126 when it cannot be run.
int host_run(const char *path, char **arguments);

#endif  // PACKAGING_LAUNCHER_HOST_H_
