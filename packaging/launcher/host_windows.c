// The system, where it is Windows.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include "host.h"

const char host_program_suffix[] = ".exe";
const char host_separator = '\\';
const char host_list_separator = ';';

enum { CANNOT_RUN = 126, LONGEST_PATH = 32768 };

static wchar_t *wide(const char *text) {
  int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *made = malloc(length * sizeof *made);
  if (!made) abort();
  MultiByteToWideChar(CP_UTF8, 0, text, -1, made, length);
  return made;
}

static char *narrow(const wchar_t *text) {
  int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *made = malloc(length);
  if (!made) abort();
  WideCharToMultiByte(CP_UTF8, 0, text, -1, made, length, NULL, NULL);
  return made;
}

static const wchar_t *own_path(void) {
  static wchar_t path[LONGEST_PATH];
  DWORD length = *path ? wcslen(path) : GetModuleFileNameW(NULL, path, LONGEST_PATH);
  return length && length < LONGEST_PATH ? path : NULL;
}

char *host_own_path(void) { return own_path() ? narrow(own_path()) : NULL; }

char *host_variable(const char *name) {
  static wchar_t value[LONGEST_PATH];
  DWORD length = GetEnvironmentVariableW(wide(name), value, LONGEST_PATH);
  return length && length < LONGEST_PATH ? narrow(value) : NULL;
}

bool host_is_program(const char *path) {
  wchar_t *candidate = wide(path), full[LONGEST_PATH];
  DWORD attributes = GetFileAttributesW(candidate);
  if (attributes == INVALID_FILE_ATTRIBUTES || attributes & FILE_ATTRIBUTE_DIRECTORY) return false;
  DWORD length = GetFullPathNameW(candidate, LONGEST_PATH, full, NULL);
  return !length || length >= LONGEST_PATH || !own_path() || _wcsicmp(full, own_path());
}

long long host_written(const char *folder) {
  WIN32_FILE_ATTRIBUTE_DATA data;
  if (!GetFileAttributesExW(wide(folder), GetFileExInfoStandard, &data)) return 0;
  return (long long)data.ftLastWriteTime.dwHighDateTime << 32 | data.ftLastWriteTime.dwLowDateTime;
}

static int compare(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

char **host_list(const char *folder) {
  size_t count = 0, room = 1, length = strlen(folder);
  char **names = malloc(sizeof *names), *pattern = malloc(length + 3);
  if (!names || !pattern) abort();
  memcpy(pattern, folder, length);
  memcpy(pattern + length, "\\*", 3);
  WIN32_FIND_DATAW entry;
  HANDLE entries = FindFirstFileW(wide(pattern), &entry);
  if (entries != INVALID_HANDLE_VALUE) {
    do {
      if (entry.cFileName[0] == L'.') continue;
      if (count + 1 == room) names = realloc(names, (room *= 2) * sizeof *names);
      if (!names) abort();
      names[count++] = narrow(entry.cFileName);
    } while (FindNextFileW(entries, &entry));
    FindClose(entries);
  }
  names[count] = NULL;
  qsort(names, count, sizeof *names, compare);
  return names;
}

char *host_read(const char *path) {
  FILE *file = _wfopen(wide(path), L"rb");
  if (!file) return NULL;
  enum { MOST = 1 << 16 };
  char *content = malloc(MOST + 1);
  if (!content) abort();
  content[fread(content, 1, MOST, file)] = 0;
  fclose(file);
  return content;
}

void host_say(const char *text) {
  HANDLE error = GetStdHandle(STD_ERROR_HANDLE);
  DWORD unused;
  if (GetConsoleMode(error, &unused)) {
    // A console's code page is rarely UTF-8.
    wchar_t *shown = wide(text);
    WriteConsoleW(error, shown, wcslen(shown), &unused, NULL);
  } else {
    WriteFile(error, text, strlen(text), &unused, NULL);
  }
}

// The command line behind the name of the program, by the rule of the C runtime: the name ends at
// the first space outside of quotation marks, and has no escapes.
static const wchar_t *behind_name(const wchar_t *line) {
  for (bool quoted = false; *line && (quoted || (*line != L' ' && *line != L'\t')); line++) {
    if (*line == L'"') quoted = !quoted;
  }
  return line;
}

// Ctrl-C goes to all processes of a console: the tool answers it, and the launcher waits for that.
static BOOL WINAPI leave_it_to_the_tool(DWORD event) {
  (void)event;
  return TRUE;
}

static int cannot_run(const char *path) {
  char number[32];
  snprintf(number, sizeof number, "%lu\n", GetLastError());
  host_say(path);
  host_say(": cannot be run: Windows error ");
  host_say(number);
  return CANNOT_RUN;
}

int host_run(const char *path, char **arguments) {
  (void)arguments;  // the command line is passed on as it was typed
  const wchar_t *program = wide(path), *rest = behind_name(GetCommandLineW());
  size_t length = wcslen(program) + wcslen(rest) + 3;
  wchar_t *line = malloc(length * sizeof *line);
  if (!line) abort();
  _snwprintf(line, length, L"\"%ls\"%ls", program, rest);

  // When the launcher is killed, so is the tool.
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  limits.BasicLimitInformation.LimitFlags =
      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  SetConsoleCtrlHandler(leave_it_to_the_tool, TRUE);

  STARTUPINFOW startup;
  GetStartupInfoW(&startup);  // with the handles that a shell passes on
  PROCESS_INFORMATION process;
  if (!CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup,
                      &process)) {
    return cannot_run(path);
  }
  AssignProcessToJobObject(job, process.hProcess);
  ResumeThread(process.hThread);
  WaitForSingleObject(process.hProcess, INFINITE);
  DWORD code = CANNOT_RUN;
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
