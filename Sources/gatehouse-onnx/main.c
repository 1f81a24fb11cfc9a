// Runs models of ONNX by ONNX Runtime, for one program that asks over descriptor 3.
//
// A process of its own: the programs that predict are static and cannot load a library, and what runs somebody's
// model by somebody's library should hold nothing but that model. It loads the library, gives up whatever
// computing does not need, and only then reads the first byte of a model. It ends when the other side closes the
// channel, or at the first frame that is not one.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "runtime.h"
#include "sandbox.h"
#include "session.h"

enum { exit_done = 0, exit_usage = 2, exit_broken = 3 };

struct arguments {
  const char *library;
  int threads;
  uint64_t memory;
  /// Seconds that one frame may take, from its head to its answer; should the other side be gone by then, nobody else would end this.
  unsigned deadline;
};

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *value) {
  char *end = NULL;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (errno != 0 || *text < '0' || *text > '9' || *end != 0 || number < least || number > most) return false;
  *value = number;
  return true;
}

/// Whether a text is a whole path, or a name that the loader looks for in its own places.
static bool is_library(const char *text) { return text[0] == '/' || (text[0] != 0 && strchr(text, '/') == NULL); }

static bool read_arguments(int count, char **texts, struct arguments *arguments) {
  for (int index = 1; index < count; index += 2) {
    uint64_t number = 0;
    if (index + 1 == count) return false;
    const char *value = texts[index + 1];
    if (strcmp(texts[index], "--library") == 0 && is_library(value)) {
      arguments->library = value;
    } else if (strcmp(texts[index], "--threads") == 0 && read_number(value, 1, 256, &number)) {
      arguments->threads = (int)number;
    } else if (strcmp(texts[index], "--memory") == 0 && read_number(value, 1 << 28, (uint64_t)1 << 48, &number)) {
      arguments->memory = number;
    } else if (strcmp(texts[index], "--deadline") == 0 && read_number(value, 1, 86400, &number)) {
      arguments->deadline = (unsigned)number;
    } else {
      return false;
    }
  }
  return true;
}

/// Answers one frame; false where the channel broke or the frame made no sense.
static bool answer(struct session *session, const struct frame *frame, struct fault *fault) {
  uint8_t *bytes = NULL;
  uint64_t length = 0;
  enum frame_kind kind = frame_loaded;
  if (frame->kind == frame_load && session->model == NULL) {
    load_model(session, frame, fault);
  } else if (frame->kind == frame_run && session->model != NULL) {
    kind = frame_answer;
    run_model(session, frame, &bytes, &length, fault);
  } else {
    fault->code = failure_malformed;
    snprintf(fault->text, sizeof fault->text, "expected a model first and rows then, found another frame");
  }
  bool sent = fault->code == 0 ? send_frame(kind, frame->sequence, bytes, length)
                               : send_failure(frame->sequence, (enum failure_code)fault->code, fault->text);
  free(bytes);
  return sent && fault->code != failure_malformed && (fault->code == 0 || kind == frame_answer);
}

int main(int count, char **texts) {
  struct arguments arguments = {.library = NULL, .threads = 1, .memory = (uint64_t)16 << 30, .deadline = 600};
  if (!read_arguments(count, texts, &arguments)) {
    fputs(
        "usage: gatehouse-onnx [--library /PATH|NAME] [--threads N] [--memory BYTES] [--deadline SECONDS],"
        " with a socket as descriptor 3\n",
        stderr);
    return exit_usage;
  }
  static struct fault fault;
  static struct runtime runtime;
  if (!enter_outer_sandbox(arguments.memory, arguments.threads)) {
    (void)send_failure(0, failure_sandbox, "expected to give up files and the network, found that it cannot");
    return exit_broken;
  }
  fault.code = open_runtime(&runtime, arguments.library, arguments.threads, fault.text, sizeof fault.text);
  if (fault.code != 0) {
    (void)send_failure(0, (enum failure_code)fault.code, fault.text);
    return exit_broken;
  }
  if (!enter_inner_sandbox(arguments.threads > 1)) {
    (void)send_failure(0, failure_sandbox, "expected to give up all but computing, found that it cannot");
    return exit_broken;
  }
  size_t version = strlen(runtime.version);
  if (!send_frame(frame_hello, 0, runtime.version, version < text_limit ? version : text_limit)) return exit_broken;

  struct session session = {.runtime = &runtime};
  for (;;) {
    struct frame frame;
    enum receipt receipt = receive_frame(&frame, arguments.deadline);
    if (receipt == receipt_end) _exit(exit_done);
    if (receipt == receipt_broken) _exit(exit_broken);
    fault.code = 0;
    bool goes_on = answer(&session, &frame, &fault);
    alarm(0);
    free(frame.payload);
    // Without the library's own end, which would want calls that are given up.
    if (!goes_on) _exit(exit_broken);
  }
}
