#define _GNU_SOURCE
#include "CSpawn.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { first_descriptor = 3 };

// `descriptors` have none of the numbers that they get.
static int spawn(
    const char *program, char *const arguments[], const int descriptors[], int count, const char *log,
    pid_t *process) {
  posix_spawn_file_actions_t actions;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  char *environment[] = {NULL};
  for (int index = 0; index < count && code == 0; index++) {
    code = posix_spawn_file_actions_adddup2(&actions, descriptors[index], first_descriptor + index);
  }
  if (code == 0 &&
      (code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
      (code = posix_spawn_file_actions_addopen(
           &actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600)) == 0 &&
      (code = posix_spawn_file_actions_adddup2(&actions, 1, 2)) == 0 &&
      (code = posix_spawn_file_actions_addclosefrom_np(&actions, first_descriptor + count)) == 0) {
    code = gatehouse_spawn_in_session(program, arguments, environment, &actions, process);
  }
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

int gatehouse_spawn(
    const char *program, char *const arguments[], const int descriptors[], int count, const char *log,
    pid_t *process) {
  if (count < 0 || count > GATEHOUSE_SPAWN_DESCRIPTORS) return EINVAL;
  // Copies beyond all numbers that they get: none is overwritten before it has its own.
  int copies[GATEHOUSE_SPAWN_DESCRIPTORS];
  int made = 0;
  int code = 0;
  while (made < count) {
    copies[made] = fcntl(descriptors[made], F_DUPFD_CLOEXEC, first_descriptor + GATEHOUSE_SPAWN_DESCRIPTORS);
    if (copies[made] < 0) {
      code = errno;
      break;
    }
    made++;
  }
  if (code == 0) code = spawn(program, arguments, copies, count, log, process);
  while (made > 0) close(copies[--made]);
  return code;
}
