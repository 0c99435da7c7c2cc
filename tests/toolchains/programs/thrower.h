#pragma once

#include <string>

// Always throws std::runtime_error with `what`.
[[noreturn]] void throw_it(const std::string &what);
