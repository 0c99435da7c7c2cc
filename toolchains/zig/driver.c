// The compiler driver: runs zig without files that runs share, and without compiling a target's
// runtime again.
//
// Its name selects the tool: zig-cc, zig-c++, zig-ar, zig-ranlib or zig-dlltool. Environment
// variables contain paths, which may be relative to the working directory:
//
//   ZIG          the program zig
//   ZIG_LIB_DIR  zig's sources and headers
//   ZIG_RUNTIME  the compiled C or C++ runtime of the target (runtime.py)
//
// zig compiles the runtime (crt1.o, libc.a, libc++.a) at the first link for a target, into a cache
// that its runs share. Bazel does not see that state, parallel runs with it have produced wrong
// output, and it becomes useless when zig moves. So each run gets an empty cache, and links get the
// files of the compiled runtime as arguments, with -nostdlib.

#define _GNU_SOURCE
#include <errno.h>
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

// A growing list of arguments.
struct words {
  char **all;
  size_t count, room;
};

static void add(struct words *words, const char *word) {
  if (words->count + 1 >= words->room) {
    words->room = words->room ? 2 * words->room : 64;
    words->all = realloc(words->all, words->room * sizeof *words->all);
    if (!words->all) fail("cannot keep", "arguments");
  }
  words->all[words->count++] = strdup(word);
  words->all[words->count] = NULL;
}

static char *content_of(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return NULL;
  char *content = NULL;
  size_t room = 0;
  if (getdelim(&content, &room, 0, file) < 0) content = strdup("");
  fclose(file);
  return content;
}

// Adds the arguments of a response file, in the format of GCC and Clang: separated by white space,
// with quotation marks and backslash escapes. If the file does not exist, adds the word itself: an
// install name may begin with @rpath.
static void add_response(struct words *words, const char *word_itself) {
  char *content = content_of(word_itself + 1);
  if (!content) {
    add(words, word_itself);
    return;
  }
  char *word = malloc(strlen(content) + 1);
  for (char *at = content; *at;) {
    while (*at && strchr(" \t\r\n", *at)) at++;
    if (!*at) break;
    char quote = 0, *end = word;
    for (; *at && (quote || !strchr(" \t\r\n", *at)); at++) {
      if (*at == quote) {
        quote = 0;
      } else if (!quote && (*at == '"' || *at == '\'')) {
        quote = *at;
      } else if (*at == '\\' && at[1] && quote != '\'') {
        *end++ = *++at;
      } else {
        *end++ = *at;
      }
    }
    *end = 0;
    add(words, word);
  }
}

static bool contains(const struct words *words, const char *const *any) {
  for (size_t i = 0; i < words->count; i++) {
    for (const char *const *word = any; *word; word++) {
      if (!strcmp(words->all[i], *word)) return true;
    }
  }
  return false;
}

// Adds the arguments listed in a file of the runtime; `=NAME` is a file of the runtime.
static bool add_listed(struct words *words, const char *runtime, const char *list) {
  char path[PATH_MAX];
  join(path, "%s/%s", runtime, list);
  char *content = content_of(path);
  if (!content) return false;
  for (char *line = strtok(content, "\n"); line; line = strtok(NULL, "\n")) {
    if (*line == '=') {
      join(path, "%s/%s", runtime, line + 1);
      add(words, path);
    } else {
      add(words, line);
    }
  }
  return true;
}

static bool begins_library(const char *word) { return word[0] == '-' && word[1] == 'l' && word[2]; }

// Options of links that runtime.py does not prepare for; zig then compiles their runtime.
static const char *const other_runtime[] = {
    "-nostdlib", "-nodefaultlibs", "-nostartfiles", "-nolibc", "-r", "-static", "-municode",
    "-mwindows", "-Wl,--subsystem,windows", NULL};
static const char *const source_suffixes[] = {".c",   ".cc", ".cpp", ".cxx", ".c++", ".C",
                                              ".s",   ".S",  ".m",   ".mm",  NULL};
static const char *const object_suffixes[] = {".o", ".obj", ".a", ".lib", NULL};
static const char *const makes_library[] = {"-shared", "-dynamiclib", "-bundle", NULL};
static const char *const makes_pie[] = {"-pie", "-Wl,-pie", NULL};

// Whether an argument names a file with one of several suffixes.
static bool is_file(char *word, const char *const *suffixes) {
  char *suffix = strrchr(word, '.');
  const struct words one = {&suffix, 1, 1};
  return suffix && *word != '-' && contains(&one, suffixes);
}

static bool names_file(const struct words *words, const char *const *suffixes) {
  for (size_t i = 0; i < words->count; i++) {
    if (is_file(words->all[i], suffixes)) return true;
  }
  return false;
}

// Adds the compiled runtime to the arguments of a link.
static struct words with_runtime(const struct words *given, const char *runtime) {
  struct words linked = {0}, provided = {0};
  char list[32];
  bool library = contains(given, makes_library);
  // On systems with two kinds of programs, `fixed` is the one that is not position-independent.
  const char *kind = library ? "library" : contains(given, makes_pie) ? "program" : "fixed";
  add(&linked, "-nostdlib");
  snprintf(list, sizeof list, "%s.first", kind);
  if (!add_listed(&linked, runtime, list)) {
    kind = "program";
    if (library || !add_listed(&linked, runtime, "program.first")) {
      fail("cannot find the C runtime", runtime);
    }
  }
  add_listed(&provided, runtime, "provided");
  for (size_t i = 0; i < given->count; i++) {
    const char *word = given->all[i];
    const char *const named[] = {word + 2, NULL};
    if (!begins_library(word) || !contains(&provided, named)) add(&linked, word);
  }
  snprintf(list, sizeof list, "%s.last", kind);
  add_listed(&linked, runtime, list);
  return linked;
}

// Writes a response file, which avoids the system's limit on the size of arguments.
static void write_response(const struct words *words, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) fail("cannot write", path);
  for (size_t i = 0; i < words->count; i++) {
    fputc('"', file);
    for (const char *at = words->all[i]; *at; at++) {
      if (*at == '"' || *at == '\\') fputc('\\', file);
      fputc(*at, file);
    }
    fputs("\"\n", file);
  }
  if (fclose(file)) fail("cannot write", path);
}

static const char *const does_not_link[] = {
    "-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "--version", "-dumpmachine", NULL};

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

// Compiles the sources among the arguments of a link, and replaces them with objects: in one call
// with -nostdlib, zig would compile them without the libraries' headers.
static int compile_first(struct words *given, const char *zig, const char *tool) {
  for (size_t i = 0; i < given->count; i++) {
    if (!is_file(given->all[i], source_suffixes)) continue;
    char object[PATH_MAX];
    join(object, "%s/%zu.o", cache, i);
    struct words command = {0};
    add(&command, zig);
    add(&command, tool);
    for (size_t j = 0; j < given->count; j++) {
      char *word = given->all[j];
      bool input = is_file(word, source_suffixes) || is_file(word, object_suffixes);
      if (!strcmp(word, "-o")) {
        j++;
      } else if (!input && !begins_library(word) && strncmp(word, "-Wl,", 4) &&
                 !contains(&(struct words){&word, 1, 1}, makes_library)) {
        add(&command, word);
      }
    }
    add(&command, "-c");
    add(&command, given->all[i]);
    add(&command, "-o");
    add(&command, object);
    int code = run(command.all);
    if (code) return code;
    given->all[i] = strdup(object);
  }
  return 0;
}

int main(int count, char **arguments) {
  program = strrchr(arguments[0], '/') ? strrchr(arguments[0], '/') + 1 : arguments[0];
  const char *zig = getenv("ZIG");
  if (strncmp(program, "zig-", 4) || !zig || !getenv("ZIG_LIB_DIR")) {
    fprintf(stderr, "%s: must be named zig-cc, zig-c++, zig-ar, zig-ranlib or zig-dlltool, and ZIG "
                    "and ZIG_LIB_DIR must be set\n", program);
    return 2;
  }
  const char *tool = program + 4;
  bool compiler = !strcmp(tool, "cc") || !strcmp(tool, "c++");

  struct words given = {0}, command = {0};
  add(&command, zig);
  for (int i = 1; i < count; i++) {
    if (compiler && arguments[i][0] == '@') {
      add_response(&given, arguments[i]);
    } else {
      add(&given, arguments[i]);
    }
  }
  make_cache();
  char local[PATH_MAX], response[PATH_MAX];
  join(local, "%s/local", cache);
  setenv("ZIG_GLOBAL_CACHE_DIR", cache, 1);
  setenv("ZIG_LOCAL_CACHE_DIR", local, 1);

  bool compiles = names_file(&given, source_suffixes);
  bool links = (compiles || names_file(&given, object_suffixes)) && !contains(&given, does_not_link);
  if (compiler && links) {
    const char *runtime = getenv("ZIG_RUNTIME");
    bool prepared = runtime && !contains(&given, other_runtime);
    if (prepared) {
      int code = compile_first(&given, zig, tool);
      if (code) return code;
    }
    struct words linked = prepared ? with_runtime(&given, runtime) : given;
    // Does not affect objects, but makes zig compile the same runtime for all links.
    add(&linked, "-O2");
    add(&linked, "-s");
    join(response, "%s/arguments", cache);
    write_response(&linked, response);
    join(response, "@%s/arguments", cache);
    add(&command, prepared ? "cc" : tool);
    add(&command, response);
  } else {
    add(&command, tool);
    for (size_t i = 0; i < given.count; i++) add(&command, given.all[i]);
  }
  return run(command.all);
}
