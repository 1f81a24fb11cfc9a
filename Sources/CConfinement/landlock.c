#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CConfinement.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's own names and numbers (linux/landlock.h), of which distributions have only those of their day.
enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { ask_version = 1, rule_path = 1, rule_port = 2 };

enum : uint64_t {
  fs_execute = 1 << 0,
  fs_write_file = 1 << 1,
  fs_read_file = 1 << 2,
  fs_read_dir = 1 << 3,
  fs_remove_file = 1 << 5,
  fs_make_reg = 1 << 8,
  fs_refer = 1 << 13,
  fs_truncate = 1 << 14,
  fs_ioctl_dev = 1 << 15,
  net_bind_tcp = 1 << 0,
  net_connect_tcp = 1 << 1,
  scope_abstract_unix_socket = 1 << 0,
  scope_signal = 1 << 1,
  /// What the first version knows: bits 0 to 12.
  fs_first_version = (1 << 13) - 1,
};

struct ruleset {
  uint64_t files;
  uint64_t ports;
  uint64_t scopes;
};

struct path_rule {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

struct port_rule {
  uint64_t allowed;
  uint64_t port;
};

int gatehouse_landlock_version(void) {
  long version = syscall(create_ruleset, NULL, 0, ask_version);
  return version > 0 ? (int)version : 0;
}

static int add_ports(int descriptor, uint64_t right, const uint16_t *ports, size_t count) {
  for (size_t index = 0; index < count; index++) {
    struct port_rule rule = {.allowed = right, .port = ports[index]};
    if (syscall(add_rule, descriptor, rule_port, &rule, 0) != 0) return errno;
  }
  return 0;
}

static int add_places(int descriptor, uint64_t handled, const struct gatehouse_place *places, size_t count) {
  for (size_t index = 0; index < count; index++) {
    uint64_t allowed = fs_read_file | fs_read_dir;
    if (places[index].is_writable) allowed |= fs_write_file | fs_make_reg | fs_remove_file | fs_truncate;
    struct path_rule rule = {.allowed = allowed & handled, .parent = places[index].descriptor};
    if (syscall(add_rule, descriptor, rule_path, &rule, 0) != 0) return errno;
  }
  return 0;
}

int gatehouse_enter_landlock(
    const struct gatehouse_place *places, size_t place_count, const uint16_t *bound_ports, size_t bound_count,
    const uint16_t *connected_ports, size_t connected_count) {
  int version = gatehouse_landlock_version();
  if (version == 0) return ENOSYS;
  // Each version answers for what it knows alone, and refuses to hear of more.
  struct ruleset rules = {.files = fs_first_version};
  if (version >= 2) rules.files |= fs_refer;
  if (version >= 3) rules.files |= fs_truncate;
  if (version >= 4) rules.ports = net_bind_tcp | net_connect_tcp;
  if (version >= 5) rules.files |= fs_ioctl_dev;
  if (version >= 6) rules.scopes = scope_abstract_unix_socket | scope_signal;
  size_t size = version >= 6 ? sizeof rules : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  int descriptor = (int)syscall(create_ruleset, &rules, size, 0);
  if (descriptor < 0) return errno;
  int code = add_places(descriptor, rules.files, places, place_count);
  if (code == 0 && rules.ports != 0) code = add_ports(descriptor, net_bind_tcp, bound_ports, bound_count);
  if (code == 0 && rules.ports != 0) code = add_ports(descriptor, net_connect_tcp, connected_ports, connected_count);
  if (code == 0 && syscall(restrict_self, descriptor, 0) != 0) code = errno;
  close(descriptor);
  return code;
}
