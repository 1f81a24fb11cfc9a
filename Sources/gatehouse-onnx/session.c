#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_fault(struct fault *fault, int code, const char *text) {
  if (fault->code != 0) return;
  fault->code = code;
  snprintf(fault->text, sizeof fault->text, "%s", text);
}

/// Whether a run failed for want of memory: the library has no code of its own for that.
static bool is_shortage(const char *text) {
  return strstr(text, "Failed to allocate memory") != NULL || strstr(text, "bad_alloc") != NULL;
}

static bool succeeded(const struct session *session, ort_status *status, int code, struct fault *fault) {
  if (status == NULL) return true;
  const char *text = session->runtime->api->get_error_message(status);
  set_fault(fault, code == failure_run && is_shortage(text) ? failure_too_large : code, text);
  session->runtime->api->release_status(status);
  return false;
}

/// The library's number for a datatype; 0 for none.
static int element_type(uint8_t datatype) {
  switch (datatype) {
    case datatype_bool: return 9;
    case datatype_int32: return 6;
    case datatype_int64: return 7;
    case datatype_float32: return 1;
    case datatype_float64: return 11;
    case datatype_string: return 8;
    default: return 0;
  }
}

/// The bytes of one element; 0 for texts.
static size_t element_width(uint8_t datatype) {
  switch (datatype) {
    case datatype_bool: return 1;
    case datatype_int32:
    case datatype_float32: return 4;
    case datatype_int64:
    case datatype_float64: return 8;
    default: return 0;
  }
}

// MARK: - Loading

static struct port *take_ports(struct cursor *cursor, size_t *count, struct fault *fault) {
  uint32_t announced;
  if (!take_u32(cursor, &announced) || announced == 0 || announced > port_limit) {
    set_fault(fault, failure_malformed, "expected a number of ports, found another");
    return NULL;
  }
  struct port *ports = calloc(announced, sizeof *ports);
  if (ports == NULL) {
    set_fault(fault, failure_too_large, "expected memory for the ports, found none");
    return NULL;
  }
  for (uint32_t index = 0; index < announced; index++) {
    uint32_t length;
    const uint8_t *name;
    if (!take_u8(cursor, &ports[index].datatype) || element_type(ports[index].datatype) == 0 ||
        !take_u32(cursor, &length) || length > name_limit || !take_bytes(cursor, length, &name) ||
        memchr(name, 0, length) != NULL || (ports[index].name = calloc(1, length + 1)) == NULL) {
      set_fault(fault, failure_malformed, "expected ports with a datatype and a name, found another");
      return NULL;
    }
    memcpy(ports[index].name, name, length);
  }
  *count = announced;
  return ports;
}

/// Holds what the model says of one of its ports against what was declared.
static bool agrees(
    const struct session *session, ort_type_info *type, const char *name, const struct port *ports, size_t count,
    bool must_be_declared, struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  const struct port *port = NULL;
  for (size_t index = 0; index < count && port == NULL; index++) {
    if (strcmp(ports[index].name, name) == 0) port = &ports[index];
  }
  if (port == NULL) {
    if (must_be_declared) set_fault(fault, failure_refused, "the model reads an input that was not declared");
    return !must_be_declared;
  }
  const ort_tensor_info *tensor = NULL;
  int element = 0;
  if (!succeeded(session, api->cast_type_info_to_tensor_info(type, &tensor), failure_refused, fault)) return false;
  if (tensor != NULL &&
      !succeeded(session, api->get_tensor_element_type(tensor, &element), failure_refused, fault))
    return false;
  if (tensor == NULL || element != element_type(port->datatype)) {
    set_fault(fault, failure_refused, "a port of the model is of another type than was declared");
    return false;
  }
  return true;
}

static bool check_ports(const struct session *session, bool are_inputs, struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  ort_allocator *allocator = session->runtime->allocator;
  const struct port *ports = are_inputs ? session->inputs : session->outputs;
  size_t declared = are_inputs ? session->input_count : session->output_count;
  size_t count = 0;
  ort_status *status = are_inputs ? api->session_get_input_count(session->model, &count)
                                  : api->session_get_output_count(session->model, &count);
  if (!succeeded(session, status, failure_refused, fault)) return false;
  size_t found = 0;
  for (size_t index = 0; index < count; index++) {
    char *name = NULL;
    ort_type_info *type = NULL;
    status = are_inputs ? api->session_get_input_name(session->model, index, allocator, &name)
                        : api->session_get_output_name(session->model, index, allocator, &name);
    if (!succeeded(session, status, failure_refused, fault)) return false;
    status = are_inputs ? api->session_get_input_type_info(session->model, index, &type)
                        : api->session_get_output_type_info(session->model, index, &type);
    bool holds = succeeded(session, status, failure_refused, fault) &&
                 agrees(session, type, name, ports, declared, are_inputs, fault);
    for (size_t port = 0; port < declared; port++) {
      if (strcmp(ports[port].name, name) == 0) found++;
    }
    if (type != NULL) api->release_type_info(type);
    (void)succeeded(session, api->allocator_free(allocator, name), failure_refused, fault);
    if (!holds) return false;
  }
  if (found != declared) set_fault(fault, failure_refused, "a port that was declared is not one of the model's");
  return found == declared;
}

void load_model(struct session *session, const struct frame *frame, struct fault *fault) {
  struct cursor cursor = {.start = frame->payload, .at = frame->payload, .left = (size_t)frame->length};
  session->inputs = take_ports(&cursor, &session->input_count, fault);
  if (session->inputs == NULL) return;
  session->outputs = take_ports(&cursor, &session->output_count, fault);
  if (session->outputs == NULL) return;
  if (cursor.left == 0) {
    set_fault(fault, failure_malformed, "expected a model behind the ports, found none");
    return;
  }
  // From memory, so that there is no directory that paths of the model could be relative to.
  ort_status *status = session->runtime->api->create_session_from_array(
      session->runtime->environment, cursor.at, cursor.left, session->runtime->options, &session->model);
  if (!succeeded(session, status, failure_refused, fault)) return;
  if (check_ports(session, true, fault)) (void)check_ports(session, false, fault);
}

// MARK: - What goes in

/// The axes of one tensor, and how many elements it has.
struct shape {
  int64_t axes[rank_limit];
  size_t rank;
  size_t count;
};

static bool take_shape(struct cursor *cursor, uint8_t rank, struct shape *shape) {
  if (rank > rank_limit) return false;
  shape->rank = rank;
  shape->count = 1;
  for (size_t axis = 0; axis < rank; axis++) {
    uint64_t length;
    if (!take_u64(cursor, &length) || length > FRAME_LIMIT ||
        __builtin_mul_overflow(shape->count, (size_t)length, &shape->count) || shape->count > FRAME_LIMIT)
      return false;
    shape->axes[axis] = (int64_t)length;
  }
  return true;
}

/// Makes a tensor of texts, each of which the library wants ended by a zero byte.
static ort_value *take_texts(
    const struct session *session, struct cursor *cursor, const struct shape *shape, struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  ort_value *value = NULL;
  const char **texts = NULL;
  char *bytes = NULL;
  // Each text has four bytes of length before it, so that neither count is beyond the frame.
  if (shape->count > cursor->left / 4) {
    set_fault(fault, failure_malformed, "expected as many texts as the shape says, found fewer");
    return NULL;
  }
  texts = calloc(shape->count + 1, sizeof *texts);
  bytes = malloc(cursor->left + shape->count + 1);
  if (texts == NULL || bytes == NULL) {
    set_fault(fault, failure_too_large, "expected memory for the texts, found none");
    goto end;
  }
  char *next = bytes;
  for (size_t index = 0; index < shape->count; index++) {
    uint32_t length;
    const uint8_t *text;
    if (!take_u32(cursor, &length) || !take_bytes(cursor, length, &text) || memchr(text, 0, length) != NULL) {
      set_fault(fault, failure_malformed, "expected texts without zero bytes, found another");
      goto end;
    }
    texts[index] = next;
    memcpy(next, text, length);
    next += length;
    *next++ = 0;
  }
  ort_status *status = api->create_tensor(
      session->runtime->allocator, shape->axes, shape->rank, element_type(datatype_string), &value);
  if (!succeeded(session, status, failure_run, fault)) goto end;
  status = api->fill_string_tensor(value, texts, shape->count);
  if (!succeeded(session, status, failure_run, fault)) {
    api->release_value(value);
    value = NULL;
  }
end:
  free(texts);
  free(bytes);
  return value;
}

/// Makes the next tensor, numbers in place: the frame outlives it.
static ort_value *take_tensor(
    const struct session *session, struct cursor *cursor, const struct port *port, struct fault *fault) {
  uint8_t datatype, rank;
  struct shape shape;
  if (!take_padding(cursor, 8) || !take_u8(cursor, &datatype) || !take_u8(cursor, &rank) ||
      datatype != port->datatype || !take_padding(cursor, 8) || !take_shape(cursor, rank, &shape)) {
    set_fault(fault, failure_malformed, "expected a tensor of the declared datatype, found another");
    return NULL;
  }
  if (datatype == datatype_string) return take_texts(session, cursor, &shape, fault);
  const uint8_t *bytes;
  size_t size;
  if (__builtin_mul_overflow(shape.count, element_width(datatype), &size) ||
      !take_padding(cursor, data_alignment) || !take_bytes(cursor, size, &bytes)) {
    set_fault(fault, failure_malformed, "expected as many elements as the shape says, found fewer");
    return NULL;
  }
  if (datatype == datatype_bool) {
    for (size_t index = 0; index < size; index++) {
      if (bytes[index] <= 1) continue;
      set_fault(fault, failure_malformed, "expected truth values of 0 or 1, found another");
      return NULL;
    }
  }
  ort_value *value = NULL;
  ort_status *status = session->runtime->api->create_tensor_with_data(
      session->runtime->memory, (void *)(uintptr_t)bytes, size, shape.axes, shape.rank, element_type(datatype),
      &value);
  return succeeded(session, status, failure_run, fault) ? value : NULL;
}

// MARK: - What comes out

/// An answer that is laid out, growing.
struct layout {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
};

/// Adds so many bytes of zero; NULL where the answer would be longer than a frame, or memory ends.
static uint8_t *extend(struct layout *layout, size_t count, struct fault *fault) {
  if (count > FRAME_LIMIT - layout->count) {
    set_fault(fault, failure_too_large, "expected an answer that fits a frame, found a longer one");
    return NULL;
  }
  if (count > layout->capacity - layout->count) {
    size_t capacity = layout->count + count > 2 * layout->capacity ? layout->count + count : 2 * layout->capacity;
    uint8_t *bytes = realloc(layout->bytes, capacity);
    if (bytes == NULL) {
      set_fault(fault, failure_too_large, "expected memory for the answer, found none");
      return NULL;
    }
    layout->bytes = bytes;
    layout->capacity = capacity;
  }
  uint8_t *start = layout->bytes + layout->count;
  memset(start, 0, count);
  layout->count += count;
  return start;
}

static bool pad(struct layout *layout, size_t multiple, struct fault *fault) {
  return extend(layout, (multiple - layout->count % multiple) % multiple, fault) != NULL;
}

static bool put_number(struct layout *layout, uint64_t value, unsigned width, struct fault *fault) {
  uint8_t *bytes = extend(layout, width, fault);
  if (bytes == NULL) return false;
  for (unsigned index = 0; index < width; index++) bytes[index] = (uint8_t)(value >> (8 * index));
  return true;
}

static bool put_texts(
    const struct session *session, const ort_value *value, size_t count, struct layout *layout,
    struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  size_t total = 0;
  if (!succeeded(session, api->get_string_tensor_data_length(value, &total), failure_run, fault)) return false;
  if (total > FRAME_LIMIT || count > FRAME_LIMIT / 4) {
    set_fault(fault, failure_too_large, "expected texts that fit a frame, found longer ones");
    return false;
  }
  uint8_t *texts = malloc(total + 1);
  size_t *offsets = calloc(count + 1, sizeof *offsets);
  bool holds = texts != NULL && offsets != NULL &&
               succeeded(
                   session, api->get_string_tensor_content(value, texts, total, offsets, count), failure_run, fault);
  if (holds) offsets[count] = total;
  for (size_t index = 0; holds && index < count; index++) {
    size_t start = offsets[index], end = offsets[index + 1];
    holds = start <= end && end <= total && put_number(layout, end - start, 4, fault);
    uint8_t *bytes = holds ? extend(layout, end - start, fault) : NULL;
    holds = bytes != NULL;
    if (holds) memcpy(bytes, texts + start, end - start);
  }
  free(texts);
  free(offsets);
  if (!holds) set_fault(fault, failure_run, "expected the texts of the answer, found none");
  return holds;
}

static bool put_tensor(
    const struct session *session, ort_value *value, const struct port *port, struct layout *layout,
    struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  int is_tensor = 0, element = 0;
  if (!succeeded(session, api->is_tensor(value, &is_tensor), failure_run, fault)) return false;
  ort_tensor_info *info = NULL;
  if (is_tensor == 0 || !succeeded(session, api->get_tensor_type_and_shape(value, &info), failure_run, fault)) {
    set_fault(fault, failure_run, "expected tensors in the answer, found another value");
    return false;
  }
  size_t rank = 0;
  int64_t axes[rank_limit];
  bool holds = succeeded(session, api->get_tensor_element_type(info, &element), failure_run, fault) &&
               succeeded(session, api->get_dimensions_count(info, &rank), failure_run, fault) &&
               rank <= rank_limit &&
               succeeded(session, api->get_dimensions(info, axes, rank), failure_run, fault);
  api->release_tensor_info(info);
  size_t count = 1;
  for (size_t axis = 0; holds && axis < rank; axis++) {
    holds = axes[axis] >= 0 && !__builtin_mul_overflow(count, (size_t)axes[axis], &count);
  }
  if (!holds || element != element_type(port->datatype)) {
    set_fault(fault, failure_run, "expected an answer of the declared datatype, found another");
    return false;
  }
  if (!pad(layout, 8, fault) || !put_number(layout, port->datatype, 1, fault) ||
      !put_number(layout, rank, 1, fault) || !pad(layout, 8, fault))
    return false;
  for (size_t axis = 0; axis < rank; axis++) {
    if (!put_number(layout, (uint64_t)axes[axis], 8, fault)) return false;
  }
  if (port->datatype == datatype_string) return put_texts(session, value, count, layout, fault);
  size_t size;
  if (__builtin_mul_overflow(count, element_width(port->datatype), &size) || size > FRAME_LIMIT) {
    set_fault(fault, failure_too_large, "expected an answer that fits a frame, found a longer one");
    return false;
  }
  void *data = NULL;
  if (!succeeded(session, api->get_tensor_mutable_data(value, &data), failure_run, fault) ||
      !pad(layout, data_alignment, fault))
    return false;
  uint8_t *bytes = extend(layout, size, fault);
  if (bytes == NULL) return false;
  if (size > 0) memcpy(bytes, data, size);
  return true;
}

// MARK: - Running

void run_model(
    const struct session *session, const struct frame *frame, uint8_t **answer, uint64_t *length,
    struct fault *fault) {
  const struct ort_api *api = session->runtime->api;
  struct cursor cursor = {.start = frame->payload, .at = frame->payload, .left = (size_t)frame->length};
  struct layout layout = {0};
  ort_value **inputs = calloc(session->input_count, sizeof *inputs);
  ort_value **outputs = calloc(session->output_count, sizeof *outputs);
  const char **input_names = calloc(session->input_count, sizeof *input_names);
  const char **output_names = calloc(session->output_count, sizeof *output_names);
  if (inputs == NULL || outputs == NULL || input_names == NULL || output_names == NULL) {
    set_fault(fault, failure_too_large, "expected memory for the ports, found none");
    goto end;
  }
  for (size_t index = 0; index < session->input_count; index++) {
    input_names[index] = session->inputs[index].name;
    inputs[index] = take_tensor(session, &cursor, &session->inputs[index], fault);
    if (inputs[index] == NULL) goto end;
  }
  if (cursor.left != 0) {
    set_fault(fault, failure_malformed, "expected the end of the frame behind its tensors, found more");
    goto end;
  }
  for (size_t index = 0; index < session->output_count; index++) {
    output_names[index] = session->outputs[index].name;
  }
  ort_status *status = api->run(
      session->model, NULL, input_names, (const ort_value *const *)inputs, session->input_count, output_names,
      session->output_count, outputs);
  if (!succeeded(session, status, failure_run, fault)) goto end;
  if (!put_number(&layout, session->output_count, 8, fault)) goto end;
  for (size_t index = 0; index < session->output_count; index++) {
    if (!put_tensor(session, outputs[index], &session->outputs[index], &layout, fault)) goto end;
  }
end:
  for (size_t index = 0; inputs != NULL && index < session->input_count; index++) {
    if (inputs[index] != NULL) api->release_value(inputs[index]);
  }
  for (size_t index = 0; outputs != NULL && index < session->output_count; index++) {
    if (outputs[index] != NULL) api->release_value(outputs[index]);
  }
  free(inputs);
  free(outputs);
  free(input_names);
  free(output_names);
  *answer = layout.bytes;
  *length = layout.count;
}
