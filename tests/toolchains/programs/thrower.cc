#include "tests/toolchains/programs/thrower.h"

#include <stdexcept>

void throw_it(const std::string &what) { throw std::runtime_error(what); }
