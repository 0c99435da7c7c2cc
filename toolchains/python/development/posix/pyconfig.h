/* What Python.h asks of a 64-bit Linux or macOS, whichever processor; not what some host's Python was
   configured with. */

#ifndef TOOLCHAINS_PYTHON_PYCONFIG_H_
#define TOOLCHAINS_PYTHON_PYCONFIG_H_

#define ALIGNOF_LONG 8
#define ALIGNOF_SIZE_T 8
#define HAVE_DYNAMIC_LOADING 1
#define HAVE_INTTYPES_H 1
#define HAVE_LONG_LONG 1
#define HAVE_PTHREAD_H 1
#define HAVE_SSIZE_T 1
#define HAVE_STDINT_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define HAVE_WCHAR_H 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_FLOAT 4
#define SIZEOF_INT 4
#define SIZEOF_LONG 8
#define SIZEOF_LONG_DOUBLE 16
#define SIZEOF_LONG_LONG 8
#define SIZEOF_OFF_T 8
#define SIZEOF_PID_T 4
#define SIZEOF_PTHREAD_T 8
#define SIZEOF_SHORT 2
#define SIZEOF_SIZE_T 8
#define SIZEOF_TIME_T 8
#define SIZEOF_UINTPTR_T 8
#define SIZEOF_VOID_P 8
#define SIZEOF_WCHAR_T 4
#define SIZEOF__BOOL 1
#define STDC_HEADERS 1
#define WITH_DOC_STRINGS 1

#ifdef __APPLE__
#define SIZEOF_FPOS_T 8
#else
#define ALIGNOF_MAX_ALIGN_T 16
#define SIZEOF_FPOS_T 16
#endif

#endif
