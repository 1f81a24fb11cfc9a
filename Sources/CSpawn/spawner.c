#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CSpawn.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CDescriptorPassing.h"

enum { child_limit = 64, argument_limit = 16 };

/// What one message asks for: a start with these numbers, or, where `process` is not 0, the end of that process.
struct request {
  pid_t process;
  uint64_t numbers[gatehouse_spawner_numbers];
};

/// What came of it; behind the answer to a start comes the channel.
struct answer {
  int code;
  pid_t process;
};

struct spawner {
  const char *program;
  char *const *fixed;
  const char *const *options;
  int socket;
  /// What was started and not yet ended, whether it lives or not: until it is waited for, its number is no other's.
  pid_t children[child_limit];
};

static pid_t *find(struct spawner *spawner, pid_t process) {
  for (int index = 0; index < child_limit; index++) {
    if (spawner->children[index] == process) return &spawner->children[index];
  }
  return NULL;
}

static void end(pid_t *child) {
  kill(*child, SIGKILL);
  while (waitpid(*child, NULL, 0) < 0 && errno == EINTR) continue;
  *child = 0;
}

static int start(struct spawner *spawner, const uint64_t *numbers, pid_t *process, int *channel) {
  pid_t *place = find(spawner, 0);
  if (place == NULL) return EAGAIN;
  char texts[gatehouse_spawner_numbers][24];
  char *arguments[argument_limit + 1];
  int count = 0;
  arguments[count++] = (char *)spawner->program;
  for (char *const *fixed = spawner->fixed; *fixed != NULL && count < argument_limit; fixed++) {
    arguments[count++] = *fixed;
  }
  for (int index = 0; index < gatehouse_spawner_numbers && spawner->options[index] != NULL; index++) {
    if (count + 2 > argument_limit) return E2BIG;
    snprintf(texts[index], sizeof texts[index], "%" PRIu64, numbers[index]);
    arguments[count++] = (char *)spawner->options[index];
    arguments[count++] = texts[index];
  }
  arguments[count] = NULL;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  int code = gatehouse_spawn(spawner->program, arguments, &ends[1], 1, "/dev/null", place);
  close(ends[1]);
  if (code != 0) {
    *place = 0;
    close(ends[0]);
    return code;
  }
  *process = *place;
  *channel = ends[0];
  return 0;
}

/// Answers one message; false where there is nobody any more to answer.
static bool serve(struct spawner *spawner, const struct request *request) {
  struct answer answer = {.code = 0, .process = 0};
  int channel = -1;
  if (request->process == 0) {
    answer.code = start(spawner, request->numbers, &answer.process, &channel);
  } else {
    pid_t *child = request->process > 0 ? find(spawner, request->process) : NULL;
    if (child != NULL) {
      end(child);
    } else {
      answer.code = ESRCH;
    }
  }
  bool is_sent = send(spawner->socket, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer;
  if (channel >= 0) {
    is_sent = is_sent && gatehouse_send_descriptor(spawner->socket, channel) == 0;
    close(channel);
  }
  return is_sent;
}

static void run(struct spawner *spawner) {
  // What ends a group of processes is for the one that asks here; when that is gone, so is this.
  setsid();
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_NAME, "gatehouse-spawn", 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (spawner->socket > 0) close_range(0, (unsigned)spawner->socket - 1, 0);
  close_range((unsigned)spawner->socket + 1, ~0u, 0);
  for (;;) {
    struct request request;
    ssize_t count = recv(spawner->socket, &request, sizeof request, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count != sizeof request || !serve(spawner, &request)) break;
  }
  for (int index = 0; index < child_limit; index++) {
    if (spawner->children[index] != 0) end(&spawner->children[index]);
  }
}

int gatehouse_start_spawner(
    const char *program, char *const fixed[], const char *const options[], int *socket) {
  int ends[2];
  // Packets: a request is there whole, or not at all.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  pid_t process = fork();
  if (process < 0) {
    int code = errno;
    close(ends[0]);
    close(ends[1]);
    return code;
  }
  if (process == 0) {
    struct spawner spawner = {.program = program, .fixed = fixed, .options = options, .socket = ends[1]};
    run(&spawner);
    _exit(0);
  }
  close(ends[1]);
  *socket = ends[0];
  return 0;
}

static int ask(int socket, const struct request *request, struct answer *answer) {
  if (send(socket, request, sizeof *request, MSG_NOSIGNAL) != sizeof *request) return EPIPE;
  ssize_t count;
  do {
    count = recv(socket, answer, sizeof *answer, 0);
  } while (count < 0 && errno == EINTR);
  return count == sizeof *answer ? answer->code : EPIPE;
}

int gatehouse_spawner_start(
    int socket, const uint64_t numbers[gatehouse_spawner_numbers], pid_t *process, int *channel) {
  struct request request = {.process = 0};
  for (int index = 0; index < gatehouse_spawner_numbers; index++) request.numbers[index] = numbers[index];
  struct answer answer;
  int code = ask(socket, &request, &answer);
  if (code != 0) return code;
  *channel = gatehouse_receive_descriptor(socket);
  if (*channel < 0) return EPIPE;
  *process = answer.process;
  return 0;
}

int gatehouse_spawner_end(int socket, pid_t process) {
  struct request request = {.process = process};
  struct answer answer;
  return ask(socket, &request, &answer);
}
