#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/toolchains/programs/thrower.h"

int main() {
  std::vector<std::string> words{"caught", "across", "a", "library"};
  try {
    std::string said;
    for (const std::string &word : words) said += word + ' ';
    throw_it(said);
  } catch (const std::exception &error) {
    std::cout << error.what() << std::endl;
    return 0;
  }
}
