#if defined(_WIN32)
#define EXPORTED __declspec(dllexport)
#else
#define EXPORTED __attribute__((visibility("default")))
#endif

int hidden_twice(int value) { return 2 * value; }

EXPORTED int exported_answer(void) { return hidden_twice(21); }
