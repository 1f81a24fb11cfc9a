#ifndef GATEHOUSE_ONNX_PROTOCOL_H
#define GATEHOUSE_ONNX_PROTOCOL_H

#include <stdint.h>

// The frames that pass between a program that predicts and this one; docs/engine.md has them in full.
//
// A frame is a head of 24 bytes and so many bytes more. All numbers are little-endian and unsigned.

enum {
  frame_head_bytes = 24,
  frame_magic = 0x31454847,  // "GHE1"
  name_limit = 1024,
  port_limit = 8192,
  rank_limit = 8,
  text_limit = 2000,
  data_alignment = 64,
};

/// Bytes behind one head, in either direction.
#define FRAME_LIMIT ((uint64_t)1 << 30)

enum frame_kind {
  frame_load = 1,
  frame_run = 2,
  frame_hello = 101,
  frame_loaded = 102,
  frame_answer = 103,
  frame_failure = 104,
};

enum failure_code {
  failure_absent = 1,
  failure_unusable = 2,
  failure_sandbox = 3,
  failure_malformed = 4,
  failure_refused = 5,
  failure_run = 6,
  failure_too_large = 7,
};

/// Datatypes on the wire.
enum datatype {
  datatype_bool = 1,
  datatype_int32 = 2,
  datatype_int64 = 3,
  datatype_float32 = 4,
  datatype_float64 = 5,
  datatype_string = 6,
};

#endif
