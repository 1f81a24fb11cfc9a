#define _GNU_SOURCE
#include "CSpawn.h"
#include "session.h"

#include <fcntl.h>
#include <unistd.h>

int gatehouse_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int gatehouse_spawn_filter(
    const char *program, char *const arguments[], char *const environment[], int input, int output,
    pid_t *process) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  // `input` and `output` are above 2, so that none is overwritten before it has its place.
  if ((code = posix_spawn_file_actions_adddup2(&actions, input, 0)) == 0 &&
      (code = posix_spawn_file_actions_adddup2(&actions, output, 1)) == 0 &&
      (code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) == 0 &&
      (code = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0 &&
      (code = posix_spawn_file_actions_addchdir_np(&actions, "/")) == 0) {
    code = gatehouse_spawn_in_session(program, arguments, environment, &actions, process);
  }
  posix_spawn_file_actions_destroy(&actions);
  return code;
}
