#include "abacus.h"

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

double pop(std::vector<double> &stack, const std::string &word) {
  if (stack.empty()) throw std::invalid_argument(word + " lacks an operand");
  double value = stack.back();
  stack.pop_back();
  return value;
}

double number(const std::string &word) {
  size_t read = 0;
  double value = 0;
  try {
    value = std::stod(word, &read);
  } catch (const std::exception &) {
    read = 0;
  }
  if (read != word.size()) throw std::invalid_argument(word + " is neither a number nor one of + - * /");
  return value;
}

double evaluate(const char *expression) {
  std::vector<double> stack;
  std::istringstream words(expression);
  for (std::string word; words >> word;) {
    if (word.size() == 1 && std::strchr("+-*/", word[0])) {
      double right = pop(stack, word), left = pop(stack, word);
      switch (word[0]) {
        case '+': stack.push_back(left + right); break;
        case '-': stack.push_back(left - right); break;
        case '*': stack.push_back(left * right); break;
        default:
          if (right == 0) throw std::domain_error("division by zero");
          stack.push_back(left / right);
      }
    } else {
      stack.push_back(number(word));
    }
  }
  if (stack.size() != 1) throw std::invalid_argument("the expression leaves " + std::to_string(stack.size()) + " values");
  return stack.back();
}

}  // namespace

int abacus_evaluate(const char *expression, double *result, char **error) {
  try {
    *result = evaluate(expression);
    return 0;
  } catch (const std::exception &exception) {
    size_t size = std::strlen(exception.what()) + 1;
    *error = static_cast<char *>(std::malloc(size));
    if (*error) std::memcpy(*error, exception.what(), size);
    return 1;
  }
}

void abacus_free(char *error) { std::free(error); }
