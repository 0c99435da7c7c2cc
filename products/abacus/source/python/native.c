// The extension module, in the stable ABI of CPython 3.11: one file for all later ones.

#include <Python.h>

#include "abacus.h"

static PyObject *evaluate(PyObject *module, PyObject *argument) {
  (void)module;
  PyObject *bytes = PyUnicode_AsUTF8String(argument);
  if (!bytes) return NULL;
  double result = 0;
  char *error = NULL;
  int failed = abacus_evaluate(PyBytes_AsString(bytes), &result, &error);
  Py_DECREF(bytes);
  if (!failed) return PyFloat_FromDouble(result);
  PyErr_SetString(PyExc_ValueError, error ? error : "out of memory");
  abacus_free(error);
  return NULL;
}

static PyMethodDef methods[] = {
    {"evaluate", evaluate, METH_O, "Evaluates an expression in reverse Polish notation."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
