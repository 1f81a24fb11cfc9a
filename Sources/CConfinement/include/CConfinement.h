#ifndef GATEHOUSE_CONFINEMENT_H
#define GATEHOUSE_CONFINEMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The ways in which a process of Linux gives up rights for good. Each function does one, for the thread that calls
// and those that it starts later: call them while there is one. All return 0, or the number of an error.
//
// C, because the calls are variadic, or are macros, or have no function in the C library, and Swift sees none of these.

/// Gives up every capability that a program could be given that is executed later; while there are capabilities.
int gatehouse_bound_capabilities(void);

/// Becomes another user: no supplementary group, no way back.
int gatehouse_become_user(uid_t user, gid_t group);

/// Gives up every capability that it has itself.
int gatehouse_drop_capabilities(void);

/// Gains nothing by executing a program, now or later.
int gatehouse_gain_no_privileges(void);

/// Is not to be traced or read by other processes of the user, and leaves no image of its memory behind.
int gatehouse_hide_memory(void);

/// May not open more files than it may now, nor ask for more.
int gatehouse_fix_descriptor_limit(void);

/// The version of Landlock that the kernel has; 0 where it has none, or has it switched off.
int gatehouse_landlock_version(void);

/// A directory, open, and whether files may be written, made and removed in it.
struct gatehouse_place {
  int descriptor;
  int is_writable;
};

/// Enters a Landlock domain: files are read and written beneath the places alone, TCP ports bound and connected to
/// are those given alone (from version 4 on), and no process outside is signalled (from version 6 on).
int gatehouse_enter_landlock(
    const struct gatehouse_place *places, size_t place_count, const uint16_t *bound_ports, size_t bound_count,
    const uint16_t *connected_ports, size_t connected_count);

/// Whether sockets of TCP may be made: to bind them, or to connect them.
enum { gatehouse_may_open_sockets = 1 };

/// Lets the kernel answer those calls alone that serving needs.
///
/// Any other fails with EPERM, and the first time of each a line on descriptor 2 says so.
int gatehouse_filter_calls(unsigned permissions);

/// Has the calling thread give way to the others of its control group from here on (nice 10); a thread cannot take it back.
void gatehouse_give_way(void);

/// How many calls the filter has refused.
unsigned long gatehouse_refused_calls(void);

#endif
