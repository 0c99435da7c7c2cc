#include <stdio.h>

int small_answer(void);

int main(void) { return printf("%d\n", small_answer()) < 0; }
