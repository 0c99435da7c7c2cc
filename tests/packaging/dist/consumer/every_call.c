// Calls every function that embedding_api.h declares, and holds what it does against the header.
//
//   every_call FOLDER     FOLDER is empty and may be written to

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iree/compiler/embedding_api.h"

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

static const char kText[] =
    "func.func @abs(%input : tensor<f32>) -> tensor<f32> {\n"
    "  %result = math.absf %input : tensor<f32>\n"
    "  return %result : tensor<f32>\n"
    "}\n";
static const char kWrong[] = "func.func @abs(%input : tensor<f32>) -> tensor<f32> {\n";
static const char kTwo[] =
    "func.func @one() { return }\n"
    "// -----\n"
    "func.func @two() { return }\n";
static const char kExecutable[] =
    "hal.executable.source public @executable {\n"
    "  hal.executable.export public @nothing ordinal(0) layout(#hal.pipeline.layout<bindings = [\n"
    "    #hal.pipeline.binding<storage_buffer>\n"
    "  ]>) count(%device: !hal.device) -> (index, index, index) {\n"
    "    %c1 = arith.constant 1 : index\n"
    "    hal.return %c1, %c1, %c1 : index, index, index\n"
    "  }\n"
    "  builtin.module {\n"
    "    func.func @nothing() { return }\n"
    "  }\n"
    "}\n";

static const char *const kFlags[] = {
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=vmvx",
};

static char g_folder[1000];

static const char *InFolder(const char *name) {
  static char path[1100];
  snprintf(path, sizeof(path), "%s/%s", g_folder, name);
  return path;
}

static long FileSize(const char *name) {
  FILE *file = fopen(InFolder(name), "rb");
  if (file == NULL) return -1;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  fclose(file);
  return size;
}

// Whether the program was written after a phase; the files are numbered.
static bool WasDumped(const char *phase) {
  char name[100];
  for (int number = 0; number < 100; ++number) {
    snprintf(name, sizeof(name), "flow.%d.%s.mlir", number, phase);
    if (FileSize(name) > 0) return true;
  }
  return false;
}

static void Check(iree_compiler_error_t *error) {
  if (error != NULL) {
    fprintf(stderr, "error: %s\n", ireeCompilerErrorGetMessage(error));
    exit(1);
  }
}

static void CountName(const char *name, void *user_data) {
  EXPECT(strlen(name) > 0);
  ++*(int *)user_data;
}

static void FindFlag(const char *flag, size_t length, void *user_data) {
  if (length == strlen(kFlags[1]) && memcmp(flag, kFlags[1], length) == 0) *(int *)user_data += 1;
}

static void CountDiagnostic(enum iree_compiler_diagnostic_severity_t severity, const char *message,
                            size_t size, void *user_data) {
  EXPECT(severity == IREE_COMPILER_DIAGNOSTIC_SEVERITY_ERROR);
  EXPECT(size > 0 && memchr(message, 0, size) == NULL);
  ++*(int *)user_data;
}

static void CountSource(iree_compiler_source_t *source, void *user_data) {
  ++*(int *)user_data;
  ireeCompilerSourceDestroy(source);
}

static iree_compiler_error_t *NoCrash(iree_compiler_output_t **output, void *user_data) {
  (void)user_data;
  return ireeCompilerOutputOpenMembuffer(output);
}

static iree_compiler_source_t *Wrap(iree_compiler_session_t *session, const char *text) {
  iree_compiler_source_t *source = NULL;
  Check(ireeCompilerSourceWrapBuffer(session, "text.mlir", text, strlen(text) + 1, true, &source));
  return source;
}

typedef iree_compiler_error_t *(*Writer)(iree_compiler_invocation_t *, iree_compiler_output_t *);

// Writes to memory and expects the result to begin with `magic`.
static void ExpectOutput(iree_compiler_invocation_t *invocation, Writer write, const char *magic) {
  iree_compiler_output_t *output = NULL;
  void *contents = NULL;
  uint64_t size = 0;
  Check(ireeCompilerOutputOpenMembuffer(&output));
  Check(write(invocation, output));
  Check(ireeCompilerOutputMapMemory(output, &contents, &size));
  EXPECT(size > strlen(magic) && memcmp(contents, magic, strlen(magic)) == 0);
  ireeCompilerOutputDestroy(output);
}

static iree_compiler_error_t *WriteMlirBytecode(iree_compiler_invocation_t *invocation,
                                                iree_compiler_output_t *output) {
  return ireeCompilerInvocationOutputIRBytecode(invocation, output, -1);
}

static void Libraries(void) {
  int count = 0;
  EXPECT(strlen(ireeCompilerGetRevision()) > 0);
  ireeCompilerEnumerateRegisteredHALTargetBackends(CountName, &count);
  EXPECT(count > 0);
  count = 0;
  ireeCompilerEnumeratePlugins(CountName, &count);
  EXPECT(count > 0);
}

static void Flags(iree_compiler_session_t *session) {
  const char *unknown = "--no-such-flag";
  iree_compiler_error_t *error = ireeCompilerSessionSetFlags(session, 1, &unknown);
  EXPECT(error != NULL && strlen(ireeCompilerErrorGetMessage(error)) > 0);
  ireeCompilerErrorDestroy(error);
  ireeCompilerErrorDestroy(NULL);
  Check(ireeCompilerSessionSetFlags(session, 2, kFlags));
  int found = 0;
  ireeCompilerSessionGetFlags(session, true, FindFlag, &found);
  EXPECT(found == 1);
}

static void Sources(iree_compiler_session_t *session) {
  iree_compiler_source_t *source = NULL;
  iree_compiler_error_t *error =
      ireeCompilerSourceOpenFile(session, InFolder("missing.mlir"), &source);
  EXPECT(error != NULL);
  ireeCompilerErrorDestroy(error);
  int pieces = 0;
  source = Wrap(session, kTwo);
  Check(ireeCompilerSourceSplit(source, CountSource, &pieces));
  EXPECT(pieces == 2);
  ireeCompilerSourceDestroy(source);
}

static void Faults(iree_compiler_session_t *session) {
  iree_compiler_invocation_t *invocation = ireeCompilerInvocationCreate(session);
  iree_compiler_source_t *source = Wrap(session, kWrong);
  int diagnostics = 0;
  ireeCompilerInvocationEnableCallbackDiagnostics(invocation, 0, CountDiagnostic, &diagnostics);
  EXPECT(!ireeCompilerInvocationParseSource(invocation, source));
  EXPECT(diagnostics > 0);
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);
}

// Stops half-way, and goes on from there in another invocation, from a file.
static void Phases(iree_compiler_session_t *session) {
  iree_compiler_invocation_t *invocation = ireeCompilerInvocationCreate(session);
  iree_compiler_source_t *source = Wrap(session, kText);
  iree_compiler_output_t *output = NULL;
  ireeCompilerInvocationEnableConsoleDiagnostics(invocation);
  ireeCompilerInvocationSetCrashHandler(invocation, false, NoCrash, NULL);
  ireeCompilerInvocationSetVerifyIR(invocation, false);
  ireeCompilerInvocationSetCompileToPhase(invocation, "flow");
  EXPECT(ireeCompilerInvocationParseSource(invocation, source));
  EXPECT(ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_STD));
  Check(ireeCompilerOutputOpenFile(InFolder("flow.mlir"), &output));
  Check(ireeCompilerInvocationOutputIR(invocation, output));
  ireeCompilerOutputKeep(output);
  ireeCompilerOutputDestroy(output);
  ExpectOutput(invocation, WriteMlirBytecode, "ML\xefR");
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);

  invocation = ireeCompilerInvocationCreate(session);
  ireeCompilerInvocationEnableConsoleDiagnostics(invocation);
  ireeCompilerInvocationSetCompileFromPhase(invocation, "flow");
  ireeCompilerInvocationSetDumpCompilationPhasesTo(invocation, g_folder);
  Check(ireeCompilerSourceOpenFile(session, InFolder("flow.mlir"), &source));
  EXPECT(ireeCompilerInvocationParseSource(invocation, source));
  EXPECT(ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_STD));
  EXPECT(WasDumped("vm"));
  ExpectOutput(invocation, ireeCompilerInvocationOutputVMBytecode, "PK");
  Check(ireeCompilerOutputOpenFile(InFolder("kept.vmfb"), &output));
  Check(ireeCompilerInvocationOutputVMBytecode(invocation, output));
  ireeCompilerOutputKeep(output);
  ireeCompilerOutputDestroy(output);
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);
}

static void OtherResults(iree_compiler_session_t *session) {
  iree_compiler_invocation_t *invocation = ireeCompilerInvocationCreate(session);
  iree_compiler_source_t *source = Wrap(session, kText);
  ireeCompilerInvocationEnableConsoleDiagnostics(invocation);
  EXPECT(ireeCompilerInvocationParseSource(invocation, source));
  EXPECT(ireeCompilerInvocationRunPassPipeline(invocation, "builtin.module(canonicalize)"));
  EXPECT(ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_PRECOMPILE));
  EXPECT(ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_STD));
  ExpectOutput(invocation, ireeCompilerInvocationOutputVMCSource, "#");
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);
}

static void Executable(iree_compiler_session_t *session) {
  iree_compiler_invocation_t *invocation = ireeCompilerInvocationCreate(session);
  iree_compiler_source_t *source = Wrap(session, kExecutable);
  ireeCompilerInvocationEnableConsoleDiagnostics(invocation);
  EXPECT(ireeCompilerInvocationParseSource(invocation, source));
  EXPECT(ireeCompilerInvocationPipeline(invocation, IREE_COMPILER_PIPELINE_HAL_EXECUTABLE));
  ExpectOutput(invocation, ireeCompilerInvocationOutputHALExecutable, "");
  ireeCompilerInvocationDestroy(invocation);
  ireeCompilerSourceDestroy(source);
}

static void Outputs(void) {
  iree_compiler_output_t *output = NULL;
  Check(ireeCompilerOutputOpenFile(InFolder("dropped"), &output));
  Check(ireeCompilerOutputWrite(output, "word", 4));
  ireeCompilerOutputDestroy(output);
  EXPECT(FileSize("dropped") == -1);

  int descriptor = open(InFolder("descriptor"), O_CREAT | O_WRONLY, 0600);
  EXPECT(descriptor >= 0);
  Check(ireeCompilerOutputOpenFD(descriptor, &output));
  Check(ireeCompilerOutputWrite(output, "word", 4));
  ireeCompilerOutputKeep(output);
  ireeCompilerOutputDestroy(output);
  EXPECT(FileSize("descriptor") == 4);
}

int main(int argc, char **argv) {
  const char **arguments = (const char **)argv;
  EXPECT(ireeCompilerGetAPIVersion() >> 16 == IREE_COMPILER_API_MAJOR);
  EXPECT((ireeCompilerGetAPIVersion() & 0xffff) >= IREE_COMPILER_API_MINOR);
  ireeCompilerGlobalInitialize();
  ireeCompilerGlobalInitialize();
  ireeCompilerGlobalShutdown();
  ireeCompilerGetProcessCLArgs(&argc, &arguments);
  EXPECT(argc == 2);
  snprintf(g_folder, sizeof(g_folder), "%s", arguments[1]);
  ireeCompilerSetupGlobalCL(1, arguments, "every_call", false);
  Libraries();
  Outputs();
  iree_compiler_session_t *session = ireeCompilerSessionCreate();
  Flags(session);
  Sources(session);
  Faults(session);
  Phases(session);
  OtherResults(session);
  Executable(session);
  ireeCompilerSessionDestroy(session);
  ireeCompilerGlobalShutdown();
  puts("every call did what the header says");
  return 0;
}
