#ifndef GATEHOUSE_SPAWN_H
#define GATEHOUSE_SPAWN_H

#include <stdint.h>
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

/// Starts `program` with the arguments `arguments` and the environment `environment` (each ended by NULL) between two
/// descriptors: 0 is `input`, 1 is `output`, both above 2; 2 is /dev/null, and there are no others. It stands in `/`.
///
/// It leads a session of its own and has the default action for every signal, none blocked. Returns 0 and sets
/// `*process`, or returns the error number.
int gatehouse_spawn_filter(
    const char *program, char *const arguments[], char *const environment[], int input, int output,
    pid_t *process);

/// Makes a pipe whose ends, first the one to read from, no program inherits; 0, or -1 with `errno` set.
int gatehouse_pipe(int ends[2]);

/// How many numbers a spawner is told with each request, at most.
enum { gatehouse_spawner_numbers = 4 };

/// Starts a spawner: a process that starts `program`, and no other, for one that may start none itself.
///
/// `fixed` (ended by NULL) are the first arguments of each start; `options` (ended by NULL, at most
/// `gatehouse_spawner_numbers`) the options that follow, each with a number that a request names. It holds no
/// descriptor of ours but its end of `*socket`, and ends with all that it has started when ours is closed.
///
/// Call it while there is one thread. Returns 0, or the error number.
int gatehouse_start_spawner(
    const char *program, char *const fixed[], const char *const options[], int *socket);

/// Has the spawner start the program: `*process` and `*channel`, which is descriptor 3 there, say what came of it.
///
/// One at a time on a socket. Returns 0, or the error number; EPIPE where the spawner is gone.
int gatehouse_spawner_start(
    int socket, const uint64_t numbers[gatehouse_spawner_numbers], pid_t *process, int *channel);

/// Has the spawner kill a process that it started, and forget it.
int gatehouse_spawner_end(int socket, pid_t process);

#endif
