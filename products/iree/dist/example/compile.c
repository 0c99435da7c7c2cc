// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Compiles a small MLIR program that is held in memory, and writes the result to a file:
//
//   compile abs.vmfb && iree-run-module --module=abs.vmfb --function=abs --input=f32=-5

#include <stdio.h>
#include <stdlib.h>

#include "iree/compiler/embedding_api.h"

static const char kProgram[] =
    "func.func @abs(%input : tensor<f32>) -> tensor<f32> {\n"
    "  %result = math.absf %input : tensor<f32>\n"
    "  return %result : tensor<f32>\n"
    "}\n";

static const char *const kFlags[] = {
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=generic",
};

// Ends the program when a call failed.
static void Check(iree_compiler_error_t *error) {
  if (error == NULL) return;
  fprintf(stderr, "error: %s\n", ireeCompilerErrorGetMessage(error));
  ireeCompilerErrorDestroy(error);
  exit(EXIT_FAILURE);
}

static int WriteFile(const char *path, const void *contents, size_t size) {
  FILE *file = fopen(path, "wb");
  int written = file != NULL && fwrite(contents, 1, size, file) == size;
  if (file != NULL && fclose(file) != 0) written = 0;
  if (!written) perror(path);
  return written;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s OUTPUT.vmfb\n", argv[0]);
    return 2;
  }
  if (ireeCompilerGetAPIVersion() >> 16 != IREE_COMPILER_API_MAJOR) {
    fprintf(stderr, "error: this program was made for another version of the compiler library\n");
    return EXIT_FAILURE;
  }
  ireeCompilerGlobalInitialize();
  iree_compiler_session_t *session = ireeCompilerSessionCreate();
  Check(ireeCompilerSessionSetFlags(session, sizeof(kFlags) / sizeof(kFlags[0]), kFlags));

  iree_compiler_source_t *source = NULL;
  Check(ireeCompilerSourceWrapBuffer(session, "abs.mlir", kProgram, sizeof(kProgram),
                                     /*isNullTerminated=*/true, &source));
  iree_compiler_output_t *output = NULL;
  Check(ireeCompilerOutputOpenMembuffer(&output));

  iree_compiler_invocation_t *invocation = ireeCompilerInvocationCreate(session);
  ireeCompilerInvocationEnableConsoleDiagnostics(invocation);
  int done = 0;
  if (ireeCompilerInvocationParseSource(invocation, source) &&
      ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_STD)) {
    void *contents = NULL;
    uint64_t size = 0;
    Check(ireeCompilerInvocationOutputVMBytecode(invocation, output));
    Check(ireeCompilerOutputMapMemory(output, &contents, &size));
    done = WriteFile(argv[1], contents, (size_t)size);
  }

  ireeCompilerOutputDestroy(output);
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);
  ireeCompilerSessionDestroy(session);
  ireeCompilerGlobalShutdown();
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
