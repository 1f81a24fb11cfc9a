#define _GNU_SOURCE
#include "CSpawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

int gatehouse_spawn(
    const char *program, char *const arguments[], int listener, const char *log, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  code = posix_spawnattr_init(&attributes);
  if (code != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return code;
  }
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  char *environment[] = {NULL};
  // The listener first: it may have one of the numbers that the next steps take.
  if ((code = posix_spawn_file_actions_adddup2(&actions, listener, 3)) == 0 &&
      (code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
      (code = posix_spawn_file_actions_addopen(
           &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600)) == 0 &&
      (code = posix_spawn_file_actions_adddup2(&actions, 1, 2)) == 0 &&
      (code = posix_spawn_file_actions_addclosefrom_np(&actions, 4)) == 0 &&
      (code = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
      (code = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
      (code = posix_spawnattr_setflags(
           &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)) == 0) {
    code = posix_spawn(process, program, &actions, &attributes, arguments, environment);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return code;
}
