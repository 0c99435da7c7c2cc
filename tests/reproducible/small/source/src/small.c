// Visible to the tool, which is another file.
__attribute__((visibility("default"))) int small_answer(void) { return 42; }
