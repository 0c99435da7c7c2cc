// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The C interface of IREE's compiler library: from MLIR to a program for IREE's runtime, within
// the process, without running iree-compile.
//
// This header was written for the iree-dist archives from what the library exports; IREE's own
// header, where one has it, declares the same functions, and may replace this one. What the library
// exports for use together with MLIR's C interface is left out, since these archives do not have
// MLIR's headers.
//
// In short:
//
//   ireeCompilerGlobalInitialize();
//   session = ireeCompilerSessionCreate();           // flags are set here
//   ireeCompilerSourceWrapBuffer(session, ..., &source);
//   invocation = ireeCompilerInvocationCreate(session);
//   ireeCompilerInvocationParseSource(invocation, source);
//   ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_STD);
//   ireeCompilerOutputOpenMembuffer(&output);
//   ireeCompilerInvocationOutputVMBytecode(invocation, output);
//   ireeCompilerOutputMapMemory(output, &contents, &size);
//
// then destroy output, invocation, source and session, in this order. share/iree/example has the
// whole program.
//
// Errors. What is wrong with the *input* is said by diagnostics, to the console or to a callback,
// and the function returns false. What is wrong with a *call* (an unknown flag, a file that cannot
// be opened) is returned as an error: NULL when all went well, else an object that the caller has
// to destroy. Calls that have neither result cannot fail, or end the process.
//
// Ownership. Whatever a function gives to the caller has one function that destroys it, which also
// takes NULL in the case of errors. A session must outlive its sources and invocations; an output
// belongs to no session. Strings and buffers that are handed in stay the caller's.
//
// Threads. Different sessions may be used by different threads at once. A session and all that was
// made from it is for one thread at a time. The compiler may work on threads of its own, and calls
// back from them.

#ifndef IREE_COMPILER_EMBEDDING_API_H
#define IREE_COMPILER_EMBEDDING_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of the interface that is described here; see ireeCompilerGetAPIVersion.
#define IREE_COMPILER_API_MAJOR 1
#define IREE_COMPILER_API_MINOR 4

// Why a call failed.
typedef struct iree_compiler_error_t iree_compiler_error_t;
// Options, and the memory of what is compiled with them.
typedef struct iree_compiler_session_t iree_compiler_session_t;
// One program on its way through the compiler.
typedef struct iree_compiler_invocation_t iree_compiler_invocation_t;
// A text or bytecode file of MLIR to be parsed.
typedef struct iree_compiler_source_t iree_compiler_source_t;
// A place where results go: a file, a descriptor or memory.
typedef struct iree_compiler_output_t iree_compiler_output_t;

// ------------------------------------------------------------------------------------ errors

// The message, in UTF-8 and ended by NUL. It lives as long as the error.
const char *ireeCompilerErrorGetMessage(iree_compiler_error_t *error);

void ireeCompilerErrorDestroy(iree_compiler_error_t *error);

// ----------------------------------------------------------------------- process and library

// The version of the interface that the library has: major << 16 | minor. The same major means
// that all functions of lower minors are there and mean the same. It may be called before
// ireeCompilerGlobalInitialize.
int ireeCompilerGetAPIVersion(void);

// Readies the library; nothing but ireeCompilerGetAPIVersion may be called before. It may be
// called again, and each call asks for one ireeCompilerGlobalShutdown.
void ireeCompilerGlobalInitialize(void);

// Undoes ireeCompilerGlobalInitialize. After the last one the library cannot be used again in this
// process. Everything made from it must have been destroyed before.
void ireeCompilerGlobalShutdown(void);

// Version and commit that the library was built from, such as "3.13.0rc20261016 @ 89ece87b". It
// may be empty, and lives until the last ireeCompilerGlobalShutdown.
const char *ireeCompilerGetRevision(void);

// Replaces the arguments of main by what the user typed, in UTF-8; on systems other than Windows
// they are left alone. Give it main's own arguments. The result lives until the last
// ireeCompilerGlobalShutdown.
void ireeCompilerGetProcessCLArgs(int *argc, const char ***argv);

// Takes flags for the whole process, as iree-compile does: sessions made later start from them.
// The first argument is the program's name and `banner` heads the help text. A wrong flag ends the
// process with a message, so a program that embeds the compiler rather sets a session's flags.
// To be called once at most.
void ireeCompilerSetupGlobalCL(int argc, const char **argv, const char *banner,
                               bool installSignalHandlers);

// Calls back with the name of each target that the compiler can make code for, such as
// "llvm-cpu". The name lives as long as the call back.
void ireeCompilerEnumerateRegisteredHALTargetBackends(
    void (*callback)(const char *backend, void *userData), void *userData);

// Calls back with the name of each plugin in the library, such as "input_torch". The name lives as
// long as the call back.
void ireeCompilerEnumeratePlugins(void (*callback)(const char *pluginName, void *userData),
                                  void *userData);

// ---------------------------------------------------------------------------------- sessions

iree_compiler_session_t *ireeCompilerSessionCreate(void);

// Its sources and invocations must have been destroyed before.
void ireeCompilerSessionDestroy(iree_compiler_session_t *session);

// Sets flags as iree-compile takes them, for example
// "--iree-hal-target-device=local". `argv` has flags only, no program name. Flags are to be set
// before the session's first invocation is made.
iree_compiler_error_t *ireeCompilerSessionSetFlags(iree_compiler_session_t *session, int argc,
                                                   const char *const *argv);

// Calls back with each flag of the session and its value, as one text of `length` bytes without a
// NUL, which lives as long as the call back. With `nonDefaultOnly`, only with those that differ
// from their default.
void ireeCompilerSessionGetFlags(iree_compiler_session_t *session, bool nonDefaultOnly,
                                 void (*onFlag)(const char *flag, size_t length, void *userData),
                                 void *userData);

// ----------------------------------------------------------------------------------- sources

// Reads a file of MLIR, text or bytecode.
iree_compiler_error_t *ireeCompilerSourceOpenFile(iree_compiler_session_t *session,
                                                  const char *filePath,
                                                  iree_compiler_source_t **out_source);

// Takes MLIR from memory, which is not copied and must stay until the source is destroyed. Text
// must end with a NUL, `length` counts it, and `isNullTerminated` is true; bytecode may do without.
// `bufferName` stands for a file name in diagnostics.
iree_compiler_error_t *ireeCompilerSourceWrapBuffer(iree_compiler_session_t *session,
                                                    const char *bufferName, const char *buffer,
                                                    size_t length, bool isNullTerminated,
                                                    iree_compiler_source_t **out_source);

// Cuts a source at its lines "// -----" and calls back with each piece, which the callback's owner
// has to destroy, like the source itself.
iree_compiler_error_t *ireeCompilerSourceSplit(
    iree_compiler_source_t *source,
    void (*callback)(iree_compiler_source_t *source, void *userData), void *userData);

// No invocation that parsed it may be in use any more.
void ireeCompilerSourceDestroy(iree_compiler_source_t *source);

// ------------------------------------------------------------------------------- invocations

enum iree_compiler_diagnostic_severity_t {
  IREE_COMPILER_DIAGNOSTIC_SEVERITY_NOTE = 0,
  IREE_COMPILER_DIAGNOSTIC_SEVERITY_WARNING = 1,
  IREE_COMPILER_DIAGNOSTIC_SEVERITY_ERROR = 2,
  IREE_COMPILER_DIAGNOSTIC_SEVERITY_REMARK = 3,
};

enum iree_compiler_pipeline_t {
  // From any input to a program for the runtime's virtual machine.
  IREE_COMPILER_PIPELINE_STD = 0,
  // One executable for a device.
  IREE_COMPILER_PIPELINE_HAL_EXECUTABLE = 1,
  // What can be done to a program before its target is known.
  IREE_COMPILER_PIPELINE_PRECOMPILE = 2,
};

iree_compiler_invocation_t *ireeCompilerInvocationCreate(iree_compiler_session_t *session);

void ireeCompilerInvocationDestroy(iree_compiler_invocation_t *inv);

// Prints diagnostics to standard error, with the source lines they are about.
void ireeCompilerInvocationEnableConsoleDiagnostics(iree_compiler_invocation_t *inv);

// Calls back with each diagnostic, a text of `messageSize` bytes that lives as long as the call
// back. That may come from any thread until the invocation is destroyed, and must not call the
// compiler. `flags` is 0.
void ireeCompilerInvocationEnableCallbackDiagnostics(
    iree_compiler_invocation_t *inv, int flags,
    void (*callback)(enum iree_compiler_diagnostic_severity_t severity, const char *message,
                     size_t messageSize, void *userData),
    void *userData);

// When the compiler crashes, it asks the callback for an output and writes there what reproduces
// the crash. The callback stores an output, which becomes the compiler's, or returns an error,
// which does so too. `genLocalReproducer` asks for the smallest pass that crashes, which takes
// longer.
void ireeCompilerInvocationSetCrashHandler(
    iree_compiler_invocation_t *inv, bool genLocalReproducer,
    iree_compiler_error_t *(*onCrashCallback)(iree_compiler_output_t **outOutput, void *userData),
    void *userData);

// Whether the program is verified after each pass; it is unless this says no.
void ireeCompilerInvocationSetVerifyIR(iree_compiler_invocation_t *inv, bool enable);

// The first and the last phase that the pipeline runs, by the names that iree-compile's
// --compile-from and --compile-to take: "start", "input", "abi", "flow", "stream", "hal", "vm",
// "end" and others.
void ireeCompilerInvocationSetCompileFromPhase(iree_compiler_invocation_t *inv, const char *phase);
void ireeCompilerInvocationSetCompileToPhase(iree_compiler_invocation_t *inv, const char *phase);

// Writes the program to a file of this folder after each phase.
void ireeCompilerInvocationSetDumpCompilationPhasesTo(iree_compiler_invocation_t *inv,
                                                      const char *path);

// Parses a source, which is used up. False when it has faults.
bool ireeCompilerInvocationParseSource(iree_compiler_invocation_t *inv,
                                       iree_compiler_source_t *source);

// Compiles what was parsed. False when it cannot.
bool ireeCompilerInvocationPipeline(iree_compiler_invocation_t *inv,
                                    enum iree_compiler_pipeline_t pipeline);

// Runs passes by name, such as "builtin.module(canonicalize)". False when one fails, or the text
// is wrong.
bool ireeCompilerInvocationRunPassPipeline(iree_compiler_invocation_t *inv,
                                           const char *textPassPipeline);

// Write the program as it stands: as MLIR text, or as MLIR bytecode of a version (-1 for the
// newest).
iree_compiler_error_t *ireeCompilerInvocationOutputIR(iree_compiler_invocation_t *inv,
                                                      iree_compiler_output_t *output);
iree_compiler_error_t *ireeCompilerInvocationOutputIRBytecode(iree_compiler_invocation_t *inv,
                                                              iree_compiler_output_t *output,
                                                              int bytecodeVersion);

// Write the result of IREE_COMPILER_PIPELINE_STD: a .vmfb file for the runtime, or C source. C
// source can be had only where ireeCompilerSetupGlobalCL was called.
iree_compiler_error_t *ireeCompilerInvocationOutputVMBytecode(iree_compiler_invocation_t *inv,
                                                              iree_compiler_output_t *output);
iree_compiler_error_t *ireeCompilerInvocationOutputVMCSource(iree_compiler_invocation_t *inv,
                                                             iree_compiler_output_t *output);

// Writes the result of IREE_COMPILER_PIPELINE_HAL_EXECUTABLE.
iree_compiler_error_t *ireeCompilerInvocationOutputHALExecutable(iree_compiler_invocation_t *inv,
                                                                 iree_compiler_output_t *output);

// ----------------------------------------------------------------------------------- outputs

// Writes to a file, which is taken away again when the output is destroyed, unless it was kept.
iree_compiler_error_t *ireeCompilerOutputOpenFile(const char *filePath,
                                                  iree_compiler_output_t **out_output);

// Writes to an open descriptor.
iree_compiler_error_t *ireeCompilerOutputOpenFD(int fd, iree_compiler_output_t **out_output);

// Writes to memory, to be had from ireeCompilerOutputMapMemory.
iree_compiler_error_t *ireeCompilerOutputOpenMembuffer(iree_compiler_output_t **out_output);

// Leaves the file of an output in place when the output is destroyed.
void ireeCompilerOutputKeep(iree_compiler_output_t *output);

// All that was written to an output in memory. The contents belong to the output, and live as long
// as it is neither written to nor destroyed.
iree_compiler_error_t *ireeCompilerOutputMapMemory(iree_compiler_output_t *output, void **contents,
                                                   uint64_t *size);

// Appends `length` bytes to an output.
iree_compiler_error_t *ireeCompilerOutputWrite(iree_compiler_output_t *output, const void *data,
                                               size_t length);

void ireeCompilerOutputDestroy(iree_compiler_output_t *output);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // IREE_COMPILER_EMBEDDING_API_H
