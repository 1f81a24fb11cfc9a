#ifndef GATEHOUSE_SPAWN_H
#define GATEHOUSE_SPAWN_H

#include <sys/types.h>

/// How many descriptors a program can be given.
#define GATEHOUSE_SPAWN_DESCRIPTORS 8

/// Starts `program` with the arguments `arguments` (ended by NULL), an empty environment, and these descriptors
/// alone: 0 is /dev/null, 1 and 2 append to the file `log`, 3 and those after it are `descriptors`, of which there are
/// `count`, at most GATEHOUSE_SPAWN_DESCRIPTORS.
///
/// It leads a session of its own and has the default action for every signal, none blocked. Returns 0 and sets
/// `*process`, or returns the error number.
///
/// C, because the parts of posix_spawn(3) that close inherited descriptors and start a session are GNU's own
/// and not visible from Swift.
int gatehouse_spawn(
    const char *program, char *const arguments[], const int descriptors[], int count, const char *log,
    pid_t *process);

#endif
