// The C compiler's command line: runs zig so that no two runs share anything that is written.
//
// Its name says what it is: zig-cc, zig-c++, zig-ar, zig-ranlib or zig-dlltool. Its environment
// says where things are, by paths that may be relative to the working directory:
//
//   ZIG          the program zig
//   ZIG_LIB_DIR  zig's own sources and headers
//   ZIG_RUNTIME  a tree with the C runtime of the target, already compiled (runtime.py)
//
// zig compiles the runtime of a target (crt1.o, libc.a, libc++.a) when it first links for it, into
// a cache. A cache that runs share is state outside of Bazel's view, and was seen to give wrong
// output when many use it at once. So each run gets a cache of its own that begins with the tree:
// the small manifests are copied, since zig locks them, and the files are linked to.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static char cache[PATH_MAX];
static volatile pid_t child;

static _Noreturn void fail(const char *what, const char *which) {
  fprintf(stderr, "%s: %s %s: %s\n", program, what, which, strerror(errno));
  exit(1);
}

static void join(char *path, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(path, PATH_MAX, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= PATH_MAX) {
    errno = ENAMETOOLONG;
    fail("cannot name a file below", cache);
  }
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)type, (void)walk;
  return remove(path);
}

static void remove_cache(void) {
  if (cache[0]) nftw(cache, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_cache(void) {
  const char *temporary = getenv("TMPDIR");
  join(cache, "%s/zig-XXXXXX", temporary && *temporary ? temporary : "/tmp");
  if (!mkdtemp(cache)) {
    char template[PATH_MAX];
    strcpy(template, cache);
    cache[0] = 0;
    fail("cannot make", template);
  }
  atexit(remove_cache);
}

static void copy(const char *from, const char *to) {
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in < 0) fail("cannot read", from);
  if (out < 0) fail("cannot write", to);
  char buffer[1 << 16];
  ssize_t count;
  while ((count = read(in, buffer, sizeof buffer)) > 0) {
    if (write(out, buffer, count) != count) fail("cannot write", to);
  }
  if (count < 0) fail("cannot read", from);
  close(in);
  if (close(out)) fail("cannot write", to);
}

// Puts what is in one folder of a tree into the same folder of the cache.
static void seed(const char *tree, const char *folder, bool linked) {
  char from[PATH_MAX], to[PATH_MAX];
  join(to, "%s/%s", cache, folder);
  if (mkdir(to, 0755) && errno != EEXIST) fail("cannot make", to);
  join(from, "%s/%s", tree, folder);
  DIR *entries = opendir(from);
  if (!entries) return;  // a target's runtime need not have each kind of file
  for (struct dirent *entry; (entry = readdir(entries));) {
    if (entry->d_name[0] == '.') continue;
    join(from, "%s/%s/%s", tree, folder, entry->d_name);
    join(to, "%s/%s/%s", cache, folder, entry->d_name);
    if (!linked) {
      copy(from, to);
    } else if (symlink(from, to) && errno != EEXIST) {
      fail("cannot make", to);
    }
  }
  closedir(entries);
}

static void seed_cache(const char *tree) {
  char absolute[PATH_MAX];
  if (!realpath(tree, absolute)) fail("cannot find the C runtime", tree);
  seed(absolute, "h", false);
  seed(absolute, "o", true);
  seed(absolute, "b", true);
}

static const char *const does_not_link[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only",
                                            "--version", "-dumpmachine", NULL};

// Gives zig its sources by a path that is the same in every working directory and on every machine:
// the runtime is known again by it.
static void name_sources(const char *folder) {
#ifdef __linux__
  enum { SOURCES = 9 };
  int opened = open(folder, O_RDONLY | O_DIRECTORY);
  if (opened < 0) fail("cannot find zig's sources", folder);
  if (opened != SOURCES && (dup2(opened, SOURCES) < 0 || close(opened))) {
    fail("cannot pass on", folder);
  }
  setenv("ZIG_LIB_DIR", "/proc/self/fd/9", 1);
#else
  (void)folder;
#endif
}

// Whether a compiler's command line goes on to link.
static bool links(char **arguments) {
  for (; *arguments; arguments++) {
    for (const char *const *other = does_not_link; *other; other++) {
      if (!strcmp(*arguments, *other)) return false;
    }
  }
  return true;
}

static void forward(int number) {
  if (child > 0) kill(child, number);
}

static int run(char **command) {
  for (const int *number = (const int[]){SIGHUP, SIGINT, SIGTERM, 0}; *number; number++) {
    signal(*number, forward);
  }
  child = fork();
  if (child < 0) fail("cannot run", command[0]);
  if (!child) {
    execv(command[0], command);
    fprintf(stderr, "%s: cannot run %s: %s\n", program, command[0], strerror(errno));
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("cannot wait for", command[0]);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int count, char **arguments) {
  program = strrchr(arguments[0], '/') ? strrchr(arguments[0], '/') + 1 : arguments[0];
  const char *zig = getenv("ZIG");
  if (strncmp(program, "zig-", 4) || !zig || !getenv("ZIG_LIB_DIR")) {
    fprintf(stderr, "%s: it is to be named zig-cc, zig-c++, zig-ar, zig-ranlib or zig-dlltool, and "
                    "ZIG and ZIG_LIB_DIR are to be set\n", program);
    return 2;
  }
  const char *verb = program + 4;
  bool compiler = !strcmp(verb, "cc") || !strcmp(verb, "c++");

  char **command = calloc(count + 4, sizeof *command), **end = command;
  if (!command) fail("cannot run", zig);
  *end++ = (char *)zig;
  *end++ = (char *)verb;
  for (int i = 1; i < count; i++) *end++ = arguments[i];
  make_cache();
  if (compiler && links(arguments + 1)) {
    // The runtime is compiled for one level of optimisation and without debug information, and so
    // would be compiled anew for another; objects are what they are by now.
    *end++ = "-O2";
    *end++ = "-s";
    const char *tree = getenv("ZIG_RUNTIME");
    if (tree) seed_cache(tree);
    name_sources(getenv("ZIG_LIB_DIR"));
  }
  setenv("ZIG_GLOBAL_CACHE_DIR", cache, 1);
  char local[PATH_MAX];
  join(local, "%s/local", cache);
  setenv("ZIG_LOCAL_CACHE_DIR", local, 1);
  return run(command);
}
