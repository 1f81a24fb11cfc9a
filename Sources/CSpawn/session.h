#ifndef GATEHOUSE_SPAWN_SESSION_H
#define GATEHOUSE_SPAWN_SESSION_H

#include <spawn.h>
#include <sys/types.h>

// Starts a program that leads a session of its own and has the default action for every signal, none blocked; `actions`
// says what descriptors it has. Returns 0 and sets `*process`, or returns the error number.
int gatehouse_spawn_in_session(
    const char *program, char *const arguments[], char *const environment[],
    const posix_spawn_file_actions_t *actions, pid_t *process);

#endif
