// The system, where it is Linux or macOS.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__
#include <limits.h>
#include <mach-o/dyld.h>
#endif

#include "host.h"

const char host_program_suffix[] = "";
const char host_separator = '/';
const char host_list_separator = ':';

static const int cannot_run = 126;

char *host_own_path(void) {
#ifdef __APPLE__
  char path[PATH_MAX];
  uint32_t size = sizeof path;
  return _NSGetExecutablePath(path, &size) ? NULL : realpath(path, NULL);
#else
  return realpath("/proc/self/exe", NULL);
#endif
}

char *host_variable(const char *name) {
  char *value = getenv(name);
  return value && *value ? strdup(value) : NULL;
}

bool host_is_program(const char *path) {
  struct stat status, own;
  if (stat(path, &status) || !S_ISREG(status.st_mode) || access(path, X_OK)) return false;
  char *self = host_own_path();
  bool same = self && !stat(self, &own) && own.st_dev == status.st_dev && own.st_ino == status.st_ino;
  free(self);
  return !same;
}

long long host_written(const char *folder) {
  struct stat status;
  return stat(folder, &status) ? 0 : (long long)status.st_mtime;
}

static int compare(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

char **host_list(const char *folder) {
  size_t count = 0, room = 1;
  char **names = malloc(sizeof *names);
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && names && (entry = readdir(entries));) {
    if (entry->d_name[0] == '.') continue;
    if (count + 1 == room) names = realloc(names, (room *= 2) * sizeof *names);
    if (names) names[count++] = strdup(entry->d_name);
  }
  if (entries) closedir(entries);
  if (!names) abort();
  names[count] = NULL;
  qsort(names, count, sizeof *names, compare);
  return names;
}

char *host_read(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return NULL;
  char *content = NULL;
  size_t room = 0;
  ssize_t length = getdelim(&content, &room, 0, file);
  fclose(file);
  return length < 0 ? NULL : content;
}

void host_say(const char *text) { fputs(text, stderr); }

int host_run(const char *path, char **arguments) {
  arguments[0] = (char *)path;
  execv(path, arguments);
  fprintf(stderr, "%s: cannot be run: %s\n", path, strerror(errno));
  return cannot_run;
}
