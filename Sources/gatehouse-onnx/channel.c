#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// The descriptor that the program is started with.
enum { channel = 3 };

static uint64_t little(const uint8_t *bytes, unsigned width) {
  uint64_t value = 0;
  for (unsigned index = 0; index < width; index++) value |= (uint64_t)bytes[index] << (8 * index);
  return value;
}

static void put_little(uint8_t *bytes, uint64_t value, unsigned width) {
  for (unsigned index = 0; index < width; index++) bytes[index] = (uint8_t)(value >> (8 * index));
}

/// Reads exactly `count` bytes; 0 at an end before the first of them, -1 for anything else that is not all.
static int read_whole(uint8_t *bytes, size_t count) {
  size_t filled = 0;
  while (filled < count) {
    ssize_t got = read(channel, bytes + filled, count - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 && filled == 0) return 0;
    if (got <= 0) return -1;
    filled += (size_t)got;
  }
  return 1;
}

static bool write_whole(const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t put = send(channel, bytes, count, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes += put;
    count -= (size_t)put;
  }
  return true;
}

enum receipt receive_frame(struct frame *frame, unsigned deadline) {
  uint8_t head[frame_head_bytes];
  int got = read_whole(head, sizeof head);
  if (got == 0) return receipt_end;
  if (got < 0 || little(head, 4) != frame_magic) return receipt_broken;
  // Before the head there is nothing to be late with; what it announces is under way already.
  alarm(deadline);
  frame->kind = (uint32_t)little(head + 4, 4);
  frame->sequence = little(head + 8, 8);
  frame->length = little(head + 16, 8);
  if (frame->length > FRAME_LIMIT) return receipt_broken;
  // As far into memory as the tensors in it are laid out in the frame.
  size_t capacity = ((size_t)frame->length / data_alignment + 1) * data_alignment;
  frame->payload = aligned_alloc(data_alignment, capacity);
  if (frame->payload == NULL) return receipt_broken;
  if (frame->length > 0 && read_whole(frame->payload, (size_t)frame->length) != 1) {
    free(frame->payload);
    return receipt_broken;
  }
  return receipt_frame;
}

bool send_frame(enum frame_kind kind, uint64_t sequence, const void *payload, uint64_t length) {
  uint8_t head[frame_head_bytes];
  put_little(head, frame_magic, 4);
  put_little(head + 4, (uint64_t)kind, 4);
  put_little(head + 8, sequence, 8);
  put_little(head + 16, length, 8);
  return write_whole(head, sizeof head) && write_whole(payload, (size_t)length);
}

bool send_failure(uint64_t sequence, enum failure_code code, const char *text) {
  uint8_t payload[4 + text_limit];
  size_t count = strlen(text);
  if (count > text_limit) count = text_limit;
  put_little(payload, (uint64_t)code, 4);
  memcpy(payload + 4, text, count);
  return send_frame(frame_failure, sequence, payload, 4 + count);
}

bool take_bytes(struct cursor *cursor, size_t count, const uint8_t **bytes) {
  if (count > cursor->left) return false;
  *bytes = cursor->at;
  cursor->at += count;
  cursor->left -= count;
  return true;
}

static bool take_number(struct cursor *cursor, unsigned width, uint64_t *value) {
  const uint8_t *bytes;
  if (!take_bytes(cursor, width, &bytes)) return false;
  *value = little(bytes, width);
  return true;
}

bool take_u8(struct cursor *cursor, uint8_t *value) {
  uint64_t number;
  if (!take_number(cursor, 1, &number)) return false;
  *value = (uint8_t)number;
  return true;
}

bool take_u32(struct cursor *cursor, uint32_t *value) {
  uint64_t number;
  if (!take_number(cursor, 4, &number)) return false;
  *value = (uint32_t)number;
  return true;
}

bool take_u64(struct cursor *cursor, uint64_t *value) { return take_number(cursor, 8, value); }

bool take_padding(struct cursor *cursor, size_t multiple) {
  size_t offset = (size_t)(cursor->at - cursor->start);
  const uint8_t *bytes;
  size_t count = (multiple - offset % multiple) % multiple;
  if (!take_bytes(cursor, count, &bytes)) return false;
  for (size_t index = 0; index < count; index++) {
    if (bytes[index] != 0) return false;
  }
  return true;
}
