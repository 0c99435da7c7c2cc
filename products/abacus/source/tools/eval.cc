// Evaluates its arguments, put together, as one expression.

#include <iostream>
#include <string>

#include "abacus.h"

int main(int count, char **arguments) {
  std::string expression;
  for (int i = 1; i < count; i++) expression += std::string(arguments[i]) + ' ';
  double result = 0;
  char *error = nullptr;
  if (abacus_evaluate(expression.c_str(), &result, &error)) {
    std::cerr << "abacus-eval: " << (error ? error : "out of memory") << std::endl;
    abacus_free(error);
    return 1;
  }
  std::cout << result << std::endl;
}
