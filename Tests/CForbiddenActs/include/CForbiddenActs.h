#ifndef GATEHOUSE_FORBIDDEN_ACTS_H
#define GATEHOUSE_FORBIDDEN_ACTS_H

/// Things that a process may be able to do, each tried by the call of the kernel itself.
///
/// Those that nothing keeps from it do no harm either: they change nothing but files in the directory that they are
/// given, or ask for what cannot be.

/// The name of an act; NULL beyond the last.
const char *gatehouse_act_name(int index);

/// Tries an act in `directory`, which has the directories `readable`, `spool` and `outside` with a file `file` each:
/// 0 where it could be done, else the number of the error.
int gatehouse_try_act(int index, const char *directory);

/// Tries to bind, or to connect, a TCP socket to a port of this machine: 0, or the number of the error.
int gatehouse_try_port(int port, int connects);

/// Tries to make a socket: 0, or the number of the error.
int gatehouse_try_socket(int family, int type, int protocol);

#endif
