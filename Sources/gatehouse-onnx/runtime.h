#ifndef GATEHOUSE_ONNX_RUNTIME_H
#define GATEHOUSE_ONNX_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

// What this program uses of ONNX Runtime's C interface, whose functions stand in one table that only ever grows.
//
// The places are those of version 1 of the table (ONNX Runtime 1.0, of 2019), which no later version moves: its
// sources assert that the last function of version 1 stands at place 101. No header of it is needed, and whichever
// version is installed answers when version 1 is asked for.

typedef struct ort_environment ort_environment;
typedef struct ort_status ort_status;
typedef struct ort_memory_info ort_memory_info;
typedef struct ort_session ort_session;
typedef struct ort_session_options ort_session_options;
typedef struct ort_run_options ort_run_options;
typedef struct ort_value ort_value;
typedef struct ort_type_info ort_type_info;
typedef struct ort_tensor_info ort_tensor_info;
typedef struct ort_allocator ort_allocator;

/// The table, entry by entry; what is not used is counted and has no type.
struct ort_api {
  void *create_status;
  void *get_error_code;
  const char *(*get_error_message)(const ort_status *);
  ort_status *(*create_env)(int severity, const char *name, ort_environment **);
  void *create_env_with_custom_logger;
  void *enable_telemetry_events;
  ort_status *(*disable_telemetry_events)(const ort_environment *);
  void *create_session;
  ort_status *(*create_session_from_array)(
      const ort_environment *, const void *, size_t, const ort_session_options *, ort_session **);
  ort_status *(*run)(
      ort_session *, const ort_run_options *, const char *const *, const ort_value *const *, size_t,
      const char *const *, size_t, ort_value **);
  ort_status *(*create_session_options)(ort_session_options **);
  void *places_11_to_12[2];
  ort_status *(*set_session_execution_mode)(ort_session_options *, int);
  void *places_14_to_21[8];
  ort_status *(*set_session_log_severity_level)(ort_session_options *, int);
  ort_status *(*set_session_graph_optimization_level)(ort_session_options *, int);
  ort_status *(*set_intra_op_num_threads)(ort_session_options *, int);
  ort_status *(*set_inter_op_num_threads)(ort_session_options *, int);
  void *places_26_to_29[4];
  ort_status *(*session_get_input_count)(const ort_session *, size_t *);
  ort_status *(*session_get_output_count)(const ort_session *, size_t *);
  void *place_32;
  ort_status *(*session_get_input_type_info)(const ort_session *, size_t, ort_type_info **);
  ort_status *(*session_get_output_type_info)(const ort_session *, size_t, ort_type_info **);
  void *place_35;
  ort_status *(*session_get_input_name)(const ort_session *, size_t, ort_allocator *, char **);
  ort_status *(*session_get_output_name)(const ort_session *, size_t, ort_allocator *, char **);
  void *places_38_to_47[10];
  ort_status *(*create_tensor)(ort_allocator *, const int64_t *, size_t, int, ort_value **);
  ort_status *(*create_tensor_with_data)(
      const ort_memory_info *, void *, size_t, const int64_t *, size_t, int, ort_value **);
  ort_status *(*is_tensor)(const ort_value *, int *);
  ort_status *(*get_tensor_mutable_data)(ort_value *, void **);
  ort_status *(*fill_string_tensor)(ort_value *, const char *const *, size_t);
  ort_status *(*get_string_tensor_data_length)(const ort_value *, size_t *);
  ort_status *(*get_string_tensor_content)(const ort_value *, void *, size_t, size_t *, size_t);
  ort_status *(*cast_type_info_to_tensor_info)(const ort_type_info *, const ort_tensor_info **);
  void *places_56_to_59[4];
  ort_status *(*get_tensor_element_type)(const ort_tensor_info *, int *);
  ort_status *(*get_dimensions_count)(const ort_tensor_info *, size_t *);
  ort_status *(*get_dimensions)(const ort_tensor_info *, int64_t *, size_t);
  void *places_63_to_64[2];
  ort_status *(*get_tensor_type_and_shape)(const ort_value *, ort_tensor_info **);
  void *places_66_to_68[3];
  ort_status *(*create_cpu_memory_info)(int, int, ort_memory_info **);
  void *places_70_to_75[6];
  ort_status *(*allocator_free)(ort_allocator *, void *);
  void *place_77;
  ort_status *(*get_allocator_with_default_options)(ort_allocator **);
  void *places_79_to_91[13];
  void (*release_env)(ort_environment *);
  void (*release_status)(ort_status *);
  void (*release_memory_info)(ort_memory_info *);
  void (*release_session)(ort_session *);
  void (*release_value)(ort_value *);
  void (*release_run_options)(ort_run_options *);
  void (*release_type_info)(ort_type_info *);
  void (*release_tensor_info)(ort_tensor_info *);
  void (*release_session_options)(ort_session_options *);
  void *release_custom_op_domain;
};

_Static_assert(
    offsetof(struct ort_api, release_custom_op_domain) / sizeof(void *) == 101,
    "the table of version 1 ends at place 101");

enum { ort_fatal = 4, ort_sequential = 0, ort_all_optimizations = 99, ort_arena_allocator = 1, ort_cpu_memory = 0 };

/// What there is of the library: its table, and the texts and names it goes by.
struct runtime {
  const struct ort_api *api;
  const char *version;
  ort_environment *environment;
  ort_session_options *options;
  ort_memory_info *memory;
  ort_allocator *allocator;
};

/// Loads the library at `path`, or without one the first that the loader knows by a name of its; returns 0, or
/// the code of the failure that `text` describes.
int open_runtime(struct runtime *runtime, const char *path, int threads, char *text, size_t text_size);

#endif
