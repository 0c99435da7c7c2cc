#include <Python.h>

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_small", NULL, -1, NULL};

PyMODINIT_FUNC PyInit__small(void) { return PyModule_Create(&module); }
