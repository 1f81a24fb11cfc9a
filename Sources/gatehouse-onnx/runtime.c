#include "runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "protocol.h"

struct ort_api_base {
  const struct ort_api *(*get_api)(uint32_t version);
  const char *(*get_version_string)(void);
};

/// The library by the names that it has had, the newest first.
static void *open_by_name(void) {
  void *library = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
  char name[64];
  for (int minor = 60; library == NULL && minor >= 0; minor--) {
    snprintf(name, sizeof name, "libonnxruntime.so.1.%d", minor);
    library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    for (int patch = 4; library == NULL && patch >= 0; patch--) {
      snprintf(name, sizeof name, "libonnxruntime.so.1.%d.%d", minor, patch);
      library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
  }
  return library != NULL ? library : dlopen("libonnxruntime.so", RTLD_NOW | RTLD_LOCAL);
}

static int check(const struct ort_api *api, ort_status *status, char *text, size_t text_size) {
  if (status == NULL) return 0;
  snprintf(text, text_size, "%s", api->get_error_message(status));
  api->release_status(status);
  return failure_unusable;
}

int open_runtime(struct runtime *runtime, const char *path, int threads, char *text, size_t text_size) {
  void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : open_by_name();
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(text, text_size, "%s", reason != NULL ? reason : "libonnxruntime.so: not found");
    return failure_absent;
  }
  const struct ort_api_base *(*get_base)(void) = NULL;
  void *symbol = dlsym(library, "OrtGetApiBase");
  if (symbol != NULL) memcpy(&get_base, &symbol, sizeof get_base);
  const struct ort_api_base *base = get_base != NULL ? get_base() : NULL;
  const struct ort_api *api = base != NULL ? base->get_api(1) : NULL;
  if (api == NULL) {
    snprintf(text, text_size, "the library has no OrtGetApiBase with version 1 of the interface");
    return failure_unusable;
  }
  runtime->api = api;
  runtime->version = base->get_version_string();
  int code = check(api, api->create_env(ort_fatal, "gatehouse", &runtime->environment), text, text_size);
  if (code == 0) code = check(api, api->disable_telemetry_events(runtime->environment), text, text_size);
  if (code == 0) code = check(api, api->create_session_options(&runtime->options), text, text_size);
  // Nothing of what follows is left to the library's defaults, which may differ from version to version.
  ort_session_options *options = runtime->options;
  if (code == 0) code = check(api, api->set_session_execution_mode(options, ort_sequential), text, text_size);
  if (code == 0) code = check(api, api->set_session_log_severity_level(options, ort_fatal), text, text_size);
  if (code == 0)
    code = check(api, api->set_session_graph_optimization_level(options, ort_all_optimizations), text, text_size);
  if (code == 0) code = check(api, api->set_intra_op_num_threads(options, threads), text, text_size);
  if (code == 0) code = check(api, api->set_inter_op_num_threads(options, 1), text, text_size);
  if (code == 0)
    code = check(
        api, api->create_cpu_memory_info(ort_arena_allocator, ort_cpu_memory, &runtime->memory), text, text_size);
  if (code == 0)
    code = check(api, api->get_allocator_with_default_options(&runtime->allocator), text, text_size);
  return code;
}
