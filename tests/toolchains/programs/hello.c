#include <stdio.h>

// Prints its arguments, and exits with their number.
int main(int count, char **arguments) {
  printf("hello, built at %s %s from %s\n", __DATE__, __TIME__, __FILE__);
  for (int i = 1; i < count; i++) printf("[%s]\n", arguments[i]);
  return count - 1;
}
