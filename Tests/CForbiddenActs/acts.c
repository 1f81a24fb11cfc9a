#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CForbiddenActs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *root;

static const char *path(const char *name) {
  static char paths[2][PATH_MAX];
  static int turn;
  turn = !turn;
  snprintf(paths[turn], PATH_MAX, "%s/%s", root, name);
  return paths[turn];
}

static int outcome(long result) { return result < 0 ? errno : 0; }

static int opened(const char *name, int flags) {
  int descriptor = open(name, flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

static void *idle(void *nothing) { return nothing; }

// MARK: What serving does

static int read_model(void) { return opened(path("readable/file"), O_RDONLY); }
static int list_models(void) { return opened(path("readable"), O_RDONLY | O_DIRECTORY); }

static int keep_record(void) {
  int descriptor = open(path("spool/new.open"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return errno;
  int code = outcome(pwrite(descriptor, "line\n", 5, 0));
  if (code == 0) code = outcome(fdatasync(descriptor));
  if (code == 0) code = outcome(ftruncate(descriptor, 0));
  close(descriptor);
  if (code == 0) code = outcome(rename(path("spool/new.open"), path("spool/new.segment")));
  if (code == 0) code = outcome(unlink(path("spool/new.segment")));
  return code;
}

static int start_thread(void) {
  pthread_t thread;
  int code = pthread_create(&thread, NULL, idle, NULL);
  return code == 0 ? pthread_join(thread, NULL) : code;
}

static int wake_itself(void) { return outcome(kill(getpid(), 0)); }

// MARK: Files

static int read_passwords(void) { return opened("/etc/passwd", O_RDONLY); }
static int list_root(void) { return opened("/", O_RDONLY | O_DIRECTORY); }
static int read_outside(void) { return opened(path("outside/file"), O_RDONLY); }
static int write_outside(void) { return opened(path("outside/file"), O_WRONLY); }
static int cut_outside(void) { return opened(path("outside/file"), O_WRONLY | O_TRUNC); }
static int make_outside(void) { return opened(path("outside/new"), O_WRONLY | O_CREAT | O_EXCL); }
static int climb_out(void) { return opened(path("spool/../outside/file"), O_RDONLY); }
static int move_outside(void) { return outcome(rename(path("outside/file"), path("outside/other"))); }
static int move_in(void) { return outcome(rename(path("outside/second"), path("spool/moved"))); }
static int link_in(void) { return outcome(link(path("outside/third"), path("spool/linked"))); }
static int remove_outside(void) { return outcome(unlink(path("outside/fourth"))); }
static int write_model(void) { return opened(path("readable/file"), O_WRONLY); }
static int make_model(void) { return opened(path("readable/new"), O_WRONLY | O_CREAT | O_EXCL); }
static int remove_model(void) { return outcome(unlink(path("readable/second"))); }
static int read_machine(void) { return opened("/proc/version", O_RDONLY); }
static int make_directory(void) { return outcome(mkdir(path("spool/directory"), 0700)); }
static int make_link(void) { return outcome(symlink("/etc/passwd", path("spool/symlink"))); }
static int make_fifo(void) { return outcome(mkfifo(path("spool/fifo"), 0600)); }
static int change_mode(void) { return outcome(chmod(path("spool/file"), 0600)); }
static int change_owner(void) { return outcome(chown(path("spool/file"), (uid_t)-1, (gid_t)-1)); }
static int change_time(void) { return outcome(utimensat(AT_FDCWD, path("spool/file"), NULL, 0)); }
static int change_directory(void) { return outcome(chdir(path("spool"))); }
static int change_mask(void) { return outcome(syscall(SYS_umask, 077)); }
static int change_root(void) { return outcome(chroot(path("none"))); }

// MARK: Processes

static int fork_process(void) {
  long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return outcome(child);
}
static int fork_by_clone3(void) {
  struct {
    uint64_t fields[8];
  } arguments = {{0, 0, 0, 0, SIGCHLD, 0, 0, 0}};
  long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  return outcome(child);
}
static int execute(void) {
  char *nothing[] = {NULL};
  return outcome(execve(path("none"), nothing, nothing));
}
static int execute_opened(void) {
  char *nothing[] = {NULL};
  return outcome(syscall(SYS_execveat, -1, "", nothing, nothing, AT_EMPTY_PATH));
}
static int be_traced(void) { return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int read_memory(void) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)&root, 1};
  return outcome(syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0));
}
static int write_memory(void) {
  char byte = 0;
  struct iovec here = {&byte, 1}, there = {(void *)&byte, 1};
  return outcome(syscall(SYS_process_vm_writev, getpid(), &here, 1, &there, 1, 0));
}
static int signal_parent(void) { return outcome(kill(getppid(), 0)); }
static int signal_all(void) { return outcome(kill(-getpgrp(), 0)); }
static int signal_thread(void) { return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0)); }
static int watch_parent(void) { return outcome(syscall(SYS_pidfd_open, getppid(), 0)); }
static int steal_descriptor(void) { return outcome(syscall(SYS_pidfd_getfd, -1, 0, 0)); }
static int give_way(void) { return outcome(setpriority(PRIO_PROCESS, 0, 10)); }
static int change_priority(void) { return outcome(setpriority(PRIO_PROCESS, (id_t)getppid(), 0)); }
static int raise_limit(void) {
  struct rlimit limit = {1 << 20, RLIM_INFINITY};
  return outcome(setrlimit(RLIMIT_CORE, &limit));
}
// From an address whose lower half is 0, as where there is none.
static int raise_limit_unseen(void) {
  struct rlimit *limit = mmap(
      (void *)(1UL << 32), 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (limit == MAP_FAILED) return errno;
  *limit = (struct rlimit){1 << 20, RLIM_INFINITY};
  int code = outcome(syscall(SYS_prlimit64, 0, RLIMIT_CORE, limit, NULL));
  munmap(limit, 4096);
  return code;
}
static int read_limit_of_parent(void) {
  struct rlimit limit;
  return outcome(syscall(SYS_prlimit64, getppid(), RLIMIT_CORE, NULL, &limit));
}

// MARK: The network

int gatehouse_try_socket(int family, int type, int protocol) {
  int descriptor = socket(family, type, protocol);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

int gatehouse_try_port(int port, int connects) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) return errno;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int code = outcome((connects ? connect : bind)(descriptor, (struct sockaddr *)&address, sizeof address));
  close(descriptor);
  return code;
}

static int socket_tcp(void) { return gatehouse_try_socket(AF_INET, SOCK_STREAM, 0); }
static int socket_tcp6(void) { return gatehouse_try_socket(AF_INET6, SOCK_STREAM, 0); }
static int socket_udp(void) { return gatehouse_try_socket(AF_INET, SOCK_DGRAM, 0); }
static int socket_unix(void) { return gatehouse_try_socket(AF_UNIX, SOCK_STREAM, 0); }
static int socket_netlink(void) { return gatehouse_try_socket(AF_NETLINK, SOCK_RAW, 0); }
static int socket_raw(void) { return gatehouse_try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static int socket_packet(void) { return gatehouse_try_socket(AF_PACKET, SOCK_RAW, 0); }
static int socket_machine(void) { return gatehouse_try_socket(AF_VSOCK, SOCK_STREAM, 0); }
static int socket_pair(void) {
  int ends[2];
  return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}
// A first write that connects, which no rule over connections sees.
static int connect_by_write(void) { return outcome(sendto(-1, NULL, 0, MSG_FASTOPEN, NULL, 0)); }
static int connect_by_message(void) {
  struct msghdr message = {0};
  return outcome(sendmsg(-1, &message, MSG_FASTOPEN));
}
static int connect_socket(void) { return outcome(connect(-1, NULL, 0)); }
static int bind_socket(void) { return outcome(bind(-1, NULL, 0)); }
static int filter_packets(void) {
  struct sock_fprog none = {0, NULL};
  return outcome(setsockopt(-1, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof none));
}
static int encrypt_in_kernel(void) { return outcome(setsockopt(-1, IPPROTO_TCP, 31, "tls", 3)); }

// MARK: Privileges

static int become_root(void) { return outcome(syscall(SYS_setresuid, -1, -1, -1)); }
static int become_group(void) { return outcome(syscall(SYS_setresgid, -1, -1, -1)); }
static int take_groups(void) { return outcome(syscall(SYS_setgroups, -1, NULL)); }
static int take_capabilities(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  return outcome(syscall(SYS_capset, &head, NULL));
}
static int enter_namespace(void) { return outcome(syscall(SYS_setns, -1, 0)); }
static int leave_namespace(void) { return outcome(syscall(SYS_unshare, 0)); }
static int mount_files(void) { return outcome(syscall(SYS_mount, "none", path("none"), "tmpfs", 0, NULL)); }
static int unmount_files(void) { return outcome(syscall(SYS_umount2, path("none"), 0)); }
static int turn_root(void) { return outcome(syscall(SYS_pivot_root, path("none"), path("none"))); }
static int change_personality(void) { return outcome(syscall(SYS_personality, 0xFFFFFFFF)); }
static int be_dumpable(void) { return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }
static int add_filter(void) { return outcome(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, "\0\0\0")); }

// MARK: The kernel

static int load_program(void) { return outcome(syscall(SYS_bpf, -1, NULL, 0)); }
static int measure_events(void) { return outcome(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static int handle_faults(void) { return outcome(syscall(SYS_userfaultfd, -1)); }
static int queue_calls(void) { return outcome(syscall(SYS_io_uring_setup, 0, NULL)); }
static int read_keys(void) { return outcome(syscall(SYS_keyctl, 0, -3, 0)); }
static int add_key(void) { return outcome(syscall(SYS_add_key, NULL, NULL, NULL, 0, -3)); }
static int request_key(void) { return outcome(syscall(SYS_request_key, NULL, NULL, NULL, -3)); }
static int load_module(void) { return outcome(syscall(SYS_init_module, NULL, 0, NULL)); }
static int load_module_file(void) { return outcome(syscall(SYS_finit_module, -1, NULL, 0)); }
static int load_kernel(void) { return outcome(syscall(SYS_kexec_load, 0, 1 << 20, NULL, 0)); }
static int restart_machine(void) { return outcome(syscall(SYS_reboot, 0, 0, 0, NULL)); }
static int read_log(void) { return outcome(syscall(SYS_syslog, -1, NULL, 0)); }
static int set_clock(void) { return outcome(syscall(SYS_clock_settime, -1, NULL)); }
static int name_machine(void) { return outcome(syscall(SYS_sethostname, NULL, -1)); }
static int count_bytes(void) { return outcome(syscall(SYS_acct, path("none"))); }
static int watch_files(void) { return outcome(syscall(SYS_inotify_init1, 0)); }
static int open_by_handle(void) { return outcome(syscall(SYS_open_by_handle_at, -1, NULL, 0)); }
static int share_memory(void) { return outcome(syscall(SYS_shmget, 0, 4096, 0600)); }
static int file_in_memory(void) { return outcome(syscall(SYS_memfd_create, "code", 0)); }

// MARK: Code

static int map_code(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  munmap(page, 4096);
  return 0;
}
static int turn_into_code(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  int code = outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
  munmap(page, 4096);
  return code;
}
static int type_ahead(void) { return outcome(ioctl(-1, TIOCSTI, "x")); }
static int call_otherwise(void) { return outcome(syscall(0x40000000 | 39)); }

#define ACT(function) {#function, function}
static const struct {
  const char *name;
  int (*attempt)(void);
} acts[] = {
    ACT(read_model), ACT(list_models), ACT(keep_record), ACT(start_thread), ACT(give_way), ACT(wake_itself), ACT(read_passwords),
    ACT(list_root), ACT(read_outside), ACT(write_outside), ACT(cut_outside), ACT(make_outside), ACT(climb_out),
    ACT(move_outside), ACT(move_in), ACT(link_in), ACT(remove_outside), ACT(write_model), ACT(make_model),
    ACT(remove_model), ACT(read_machine), ACT(make_directory), ACT(make_link), ACT(make_fifo), ACT(change_mode),
    ACT(change_owner), ACT(change_time), ACT(change_directory), ACT(change_mask), ACT(change_root), ACT(fork_process),
    ACT(fork_by_clone3), ACT(execute), ACT(execute_opened), ACT(be_traced), ACT(read_memory), ACT(write_memory),
    ACT(signal_parent), ACT(signal_all), ACT(signal_thread), ACT(watch_parent), ACT(steal_descriptor),
    ACT(change_priority), ACT(raise_limit), ACT(raise_limit_unseen),
    ACT(read_limit_of_parent), ACT(connect_by_write), ACT(connect_by_message), ACT(socket_tcp), ACT(socket_tcp6), ACT(socket_udp), ACT(socket_unix),
    ACT(socket_netlink), ACT(socket_raw), ACT(socket_packet), ACT(socket_machine), ACT(socket_pair),
    ACT(connect_socket), ACT(bind_socket), ACT(filter_packets), ACT(encrypt_in_kernel), ACT(become_root),
    ACT(become_group), ACT(take_groups), ACT(take_capabilities), ACT(enter_namespace), ACT(leave_namespace),
    ACT(mount_files), ACT(unmount_files), ACT(turn_root), ACT(change_personality), ACT(be_dumpable), ACT(add_filter),
    ACT(load_program), ACT(measure_events), ACT(handle_faults), ACT(queue_calls), ACT(read_keys), ACT(add_key),
    ACT(request_key), ACT(load_module), ACT(load_module_file), ACT(load_kernel), ACT(restart_machine), ACT(read_log),
    ACT(set_clock), ACT(name_machine), ACT(count_bytes), ACT(watch_files), ACT(open_by_handle), ACT(share_memory),
    ACT(file_in_memory), ACT(map_code), ACT(turn_into_code), ACT(type_ahead), ACT(call_otherwise),
};

const char *gatehouse_act_name(int index) {
  return index >= 0 && (size_t)index < sizeof acts / sizeof acts[0] ? acts[index].name : NULL;
}

int gatehouse_try_act(int index, const char *directory) {
  root = directory;
  return acts[index].attempt();
}
