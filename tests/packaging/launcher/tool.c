// A tool that says what it was given, for the tests of the launcher.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>
#define nap() Sleep(100)
#else
#include <unistd.h>
#define nap() usleep(100000)
#endif

int main(int count, char **arguments) {
  const char *verb = count > 1 ? arguments[1] : "";
  if (!strcmp(verb, "exit")) return atoi(arguments[2]);
  if (!strcmp(verb, "abort")) abort();
  if (!strcmp(verb, "variable")) return puts(getenv(arguments[2]) ? getenv(arguments[2]) : "") < 0;
  if (!strcmp(verb, "copy")) {
    for (int character; (character = getchar()) != EOF;) putchar(character);
    fputs("copied\n", stderr);
    return 0;
  }
  if (!strcmp(verb, "wait")) {
    puts("waiting");
    fflush(stdout);
    for (;;) nap();
  }
  for (int i = 0; i < count; i++) printf("[%s]\n", arguments[i]);
  return 0;
}
