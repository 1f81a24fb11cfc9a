#define _GNU_SOURCE
#include "session.h"

#include <signal.h>

int gatehouse_spawn_in_session(
    const char *program, char *const arguments[], char *const environment[],
    const posix_spawn_file_actions_t *actions, pid_t *process) {
  posix_spawnattr_t attributes;
  int code = posix_spawnattr_init(&attributes);
  if (code != 0) return code;
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  if ((code = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
      (code = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
      (code = posix_spawnattr_setflags(
           &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)) == 0) {
    code = posix_spawn(process, program, actions, &attributes, arguments, environment);
  }
  posix_spawnattr_destroy(&attributes);
  return code;
}
