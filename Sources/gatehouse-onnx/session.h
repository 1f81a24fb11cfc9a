#ifndef GATEHOUSE_ONNX_SESSION_H
#define GATEHOUSE_ONNX_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "runtime.h"

/// An input or output that the other side has declared.
struct port {
  char *name;
  uint8_t datatype;
};

/// A model that was brought up.
struct session {
  const struct runtime *runtime;
  ort_session *model;
  struct port *inputs;
  size_t input_count;
  struct port *outputs;
  size_t output_count;
};

/// What went wrong, in words; `code` is 0 where nothing did.
struct fault {
  int code;
  char text[text_limit + 1];
};

/// Brings up the model that a frame carries: its ports first, then its bytes to the end of the frame.
void load_model(struct session *session, const struct frame *frame, struct fault *fault);

/// Runs the model on the tensors of a frame, and lays its answer out; `*answer` is the caller's to free.
void run_model(
    const struct session *session, const struct frame *frame, uint8_t **answer, uint64_t *length,
    struct fault *fault);

#endif
