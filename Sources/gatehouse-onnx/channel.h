#ifndef GATEHOUSE_ONNX_CHANNEL_H
#define GATEHOUSE_ONNX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/// One frame that was received; `payload` is the receiver's to free.
struct frame {
  uint32_t kind;
  uint64_t sequence;
  uint64_t length;
  uint8_t *payload;
};

enum receipt { receipt_frame, receipt_end, receipt_broken };

/// Waits for the next frame on the channel; `receipt_end` where the other side has closed it between two.
///
/// From its head on the process has so many seconds, after which the kernel ends it: `alarm(0)` when it is answered.
enum receipt receive_frame(struct frame *frame, unsigned deadline);

/// Sends a frame; false where the channel is broken.
bool send_frame(enum frame_kind kind, uint64_t sequence, const void *payload, uint64_t length);

/// Sends a failure with a text, cut to the limit.
bool send_failure(uint64_t sequence, enum failure_code code, const char *text);

/// Bytes that are read from the front, each reading checked against what is left.
struct cursor {
  const uint8_t *start;
  const uint8_t *at;
  size_t left;
};

bool take_u8(struct cursor *cursor, uint8_t *value);
bool take_u32(struct cursor *cursor, uint32_t *value);
bool take_u64(struct cursor *cursor, uint64_t *value);
bool take_bytes(struct cursor *cursor, size_t count, const uint8_t **bytes);
/// Skips to the next offset from the start that is a multiple; false where what is skipped is not zero.
bool take_padding(struct cursor *cursor, size_t multiple);

#endif
