#define _GNU_SOURCE
#include "CSpawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

int gatehouse_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int gatehouse_spawn_filter(
    const char *program, char *const arguments[], char *const environment[], int input, int output,
    pid_t *process) {
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
  // `input` and `output` are above 2, so that none is overwritten before it has its place.
  if ((code = posix_spawn_file_actions_adddup2(&actions, input, 0)) == 0 &&
      (code = posix_spawn_file_actions_adddup2(&actions, output, 1)) == 0 &&
      (code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) == 0 &&
      (code = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0 &&
      (code = posix_spawn_file_actions_addchdir_np(&actions, "/")) == 0 &&
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
