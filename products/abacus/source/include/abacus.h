// Evaluates expressions in reverse Polish notation.

#ifndef ABACUS_H_
#define ABACUS_H_

#if defined(_WIN32)
#if defined(ABACUS_BUILDS)
#define ABACUS_EXPORT __declspec(dllexport)
#else
#define ABACUS_EXPORT __declspec(dllimport)
#endif
#else
#define ABACUS_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Evaluates an expression such as "2 3 + 4 *". Returns 0 and sets `result`; or returns 1 and sets
// `error`, which the caller gives back to abacus_free.
ABACUS_EXPORT int abacus_evaluate(const char *expression, double *result, char **error);

ABACUS_EXPORT void abacus_free(char *error);

#ifdef __cplusplus
}
#endif

#endif  // ABACUS_H_
