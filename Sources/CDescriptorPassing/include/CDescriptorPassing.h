#ifndef GATEHOUSE_DESCRIPTOR_PASSING_H
#define GATEHOUSE_DESCRIPTOR_PASSING_H

#include <stdint.h>

/// Sends one byte and with it the open descriptor `descriptor` over the Unix domain socket `socket`
/// (SCM_RIGHTS, unix(7)). Returns 0, or -1 with errno set.
///
/// C, because the macros that lay out a control message are not visible from Swift.
int gatehouse_send_descriptor(int socket, int descriptor);

/// Receives what `gatehouse_send_descriptor` sends: a new descriptor with FD_CLOEXEC set, or -1 with errno
/// set (EPROTO where the message carried no descriptor).
int gatehouse_receive_descriptor(int socket);

/// The user id of the process at the other end of the Unix domain socket `socket` when it connected
/// (SO_PEERCRED), or -1 with errno set. 64 bits wide, so that no user id is taken for a failure.
int64_t gatehouse_peer_user(int socket);

/// The number of the process at the other end of the Unix domain socket `socket`: of the one that listened, for who
/// connected (SO_PEERCRED). -1 with errno set where it cannot be told.
int64_t gatehouse_peer_process(int socket);

#endif
