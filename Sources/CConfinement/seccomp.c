#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CConfinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#else
#error "expected x86-64 or AArch64"
#endif

/// What serving needs, whatever the arguments: what is found by the name of a file is for Landlock to judge.
static const int calls[] = {
    // Bytes of connections and files that are open.
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_recvfrom, SYS_recvmsg,
    SYS_close, SYS_lseek, SYS_fstat, SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_flock,
    // Connections.
    SYS_accept4, SYS_accept, SYS_listen, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_getsockopt,
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime,
    SYS_ppoll, SYS_pipe2, SYS_dup, SYS_dup3,
    // Files of bundles and of the spool, by name.
    SYS_openat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_getdents64, SYS_renameat, SYS_renameat2,
    SYS_linkat, SYS_unlinkat,
    // Secrets that are mounted are links, which are followed by name.
    SYS_readlink, SYS_readlinkat,
    // Memory, in which nothing is ever to be executed (see below).
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier,
    // Threads and time.
    SYS_futex, SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_gettid, SYS_getpid,
    SYS_getcpu, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday,
    SYS_restart_syscall, SYS_exit, SYS_exit_group,
    // Signals to itself.
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack,
    // What it is, and random numbers.
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_sysinfo, SYS_uname, SYS_getrusage,
#if defined(__x86_64__)
    // The same by calls that AArch64 has no more.
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_rename, SYS_link, SYS_unlink, SYS_poll, SYS_epoll_create,
    SYS_epoll_wait, SYS_pipe, SYS_time,
#endif
};

enum { program_limit = 512, giving_way = 10 };

void gatehouse_give_way(void) {
  static _Thread_local int has_given_way;
  if (has_given_way) return;
  has_given_way = 1;
  setpriority(PRIO_PROCESS, 0, giving_way);
}

struct program {
  struct sock_filter code[program_limit];
  size_t count;
};

static void put(struct program *program, uint16_t operation, uint32_t value, uint8_t if_true, uint8_t if_false) {
  // Beyond the limit `count` alone goes on, so that no filter is installed.
  if (program->count < program_limit) {
    program->code[program->count] = (struct sock_filter){operation, if_true, if_false, value};
  }
  program->count++;
}

static void answer(struct program *program, uint32_t action) { put(program, BPF_RET | BPF_K, action, 0, 0); }

static void load(struct program *program, size_t offset) {
  put(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/// Of an argument the lower half, as both architectures are little-endian; the kernel looks at no more of those below
/// that are no addresses.
static void load_argument(struct program *program, unsigned argument) {
  load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
}

static void allow(struct program *program, int call) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
  answer(program, SECCOMP_RET_ALLOW);
}

/// Allows a call where an argument is one of the values; ends the search for it.
static void allow_values(
    struct program *program, int call, unsigned argument, const uint32_t *values, uint8_t count) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, (uint8_t)(count + 3));
  load_argument(program, argument);
  for (uint8_t index = 0; index < count; index++) {
    put(program, BPF_JMP | BPF_JEQ | BPF_K, values[index], (uint8_t)(count - index), 0);
  }
  answer(program, SECCOMP_RET_TRAP);
  answer(program, SECCOMP_RET_ALLOW);
}

/// Allows a call where an argument has all of some bits and none of others; ends the search for it.
static void allow_bits(struct program *program, int call, unsigned argument, uint32_t all, uint32_t none) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 5);
  load_argument(program, argument);
  put(program, BPF_ALU | BPF_AND | BPF_K, all | none, 0, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, all, 1, 0);
  answer(program, SECCOMP_RET_TRAP);
  answer(program, SECCOMP_RET_ALLOW);
}

#define ALLOW_VALUES(program, call, argument, ...) \
  do { \
    const uint32_t values[] = {__VA_ARGS__}; \
    allow_values(program, call, argument, values, sizeof values / sizeof values[0]); \
  } while (0)

/// Options of sockets below a bound: those of TCP as they were before programs could be attached by them, and of
/// sockets in general those before SO_ATTACH_FILTER.
static void allow_options(struct program *program) {
  enum { tcp_ulp = 31, so_attach_filter = 26 };
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 10);
  load_argument(program, 1);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 2, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 3, 0);
  answer(program, SECCOMP_RET_TRAP);
  load_argument(program, 2);
  put(program, BPF_JMP | BPF_JGE | BPF_K, so_attach_filter, 2, 3);
  load_argument(program, 2);
  put(program, BPF_JMP | BPF_JGE | BPF_K, tcp_ulp, 0, 1);
  answer(program, SECCOMP_RET_TRAP);
  answer(program, SECCOMP_RET_ALLOW);
}

/// Sockets of TCP: Landlock knows the ports of these, and of no others, such as those of Multipath TCP.
static void allow_tcp(struct program *program) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 11);
  load_argument(program, 2);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6);
  load_argument(program, 1);
  put(program, BPF_ALU | BPF_AND | BPF_K, 0xF, 0, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 0, 3);
  load_argument(program, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
  answer(program, SECCOMP_RET_TRAP);
  answer(program, SECCOMP_RET_ALLOW);
}

static void build(struct program *program, unsigned permissions) {
  load(program, offsetof(struct seccomp_data, arch));
  put(program, BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load(program, offsetof(struct seccomp_data, nr));
  for (size_t index = 0; index < sizeof calls / sizeof calls[0]; index++) allow(program, calls[index]);

  // No code but the program's.
  allow_bits(program, SYS_mmap, 2, 0, PROT_EXEC);
  allow_bits(program, SYS_mprotect, 2, 0, PROT_EXEC);
  // Threads, and no processes or namespaces. The arguments of clone3 lie where no filter sees them; without it the C
  // library uses clone.
  allow_bits(
      program, SYS_clone, 0, CLONE_THREAD,
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  answer(program, SECCOMP_RET_ERRNO | ENOSYS);
  // Signals to itself: `kill` when it is asked to drain, `tgkill` when it aborts.
  uint32_t self = (uint32_t)getpid();
  ALLOW_VALUES(program, SYS_kill, 0, self);
  ALLOW_VALUES(program, SYS_tgkill, 0, self);
  // The priority of its own threads, which may give way. Dispatch asks for others, and takes a refusal to the system's log:
  // it is told yes.
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_setpriority, 0, 9);
  load_argument(program, 1);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
  answer(program, SECCOMP_RET_TRAP);
  load_argument(program, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, PRIO_PROCESS, 0, 2);
  load_argument(program, 2);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, giving_way, 1, 0);
  answer(program, SECCOMP_RET_ERRNO | 0);
  answer(program, SECCOMP_RET_ALLOW);
  // A first write that connects by itself is not asked of Landlock.
  allow_bits(program, SYS_sendto, 3, 0, MSG_FASTOPEN);
  allow_bits(program, SYS_sendmsg, 2, 0, MSG_FASTOPEN);
  // Limits are read, of itself: no process is named, and both halves of where the new one is are 0.
  put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 8);
  load_argument(program, 0);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5);
  load_argument(program, 2);
  put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
  load(program, offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t) + sizeof(uint32_t));
  put(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
  answer(program, SECCOMP_RET_ALLOW);
  answer(program, SECCOMP_RET_TRAP);
  ALLOW_VALUES(program, SYS_prctl, 0, PR_SET_NAME, PR_GET_NAME);
  ALLOW_VALUES(program, SYS_fcntl, 1, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL);
  ALLOW_VALUES(program, SYS_ioctl, 1, FIONBIO, FIONREAD, TCGETS);
  allow_options(program);
  if (permissions & gatehouse_may_open_sockets) {
    allow_tcp(program);
    allow(program, SYS_bind);
    allow(program, SYS_connect);
  }
  answer(program, SECCOMP_RET_TRAP);
}

// MARK: What is refused

static atomic_ulong refused;
/// Which calls a line was written about: a bit for each number.
static atomic_ulong told[16];

/// Has a call that the filter does not know fail as if the kernel had refused it, and says so once.
static void refuse(int signal, siginfo_t *information, void *context) {
  (void)signal;
  unsigned call = (unsigned)information->si_syscall;
  atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
  unsigned place = call < 1024 ? call : 1023;
  unsigned long bit = 1ul << (place % 64);
  if ((atomic_fetch_or_explicit(&told[place / 64], bit, memory_order_relaxed) & bit) == 0) {
    char line[80] = "warning: refused a system call that serving does not need: number ";
    size_t length = strlen(line);
    unsigned divisor = 1;
    while (call / divisor >= 10) divisor *= 10;
    for (; divisor > 0; divisor /= 10) line[length++] = (char)('0' + call / divisor % 10);
    line[length++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
  }
  RESULT((ucontext_t *)context) = -EPERM;
}

unsigned long gatehouse_refused_calls(void) { return atomic_load_explicit(&refused, memory_order_relaxed); }

int gatehouse_filter_calls(unsigned permissions) {
  static struct program program;
  program.count = 0;
  build(&program, permissions);
  if (program.count > program_limit) return E2BIG;
  struct sigaction action = {.sa_sigaction = refuse, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGSYS, &action, NULL) != 0) return errno;
  struct sock_fprog installed = {.len = (unsigned short)program.count, .filter = program.code};
  // Kernels before 5.16 slow every indirect jump of a filtered process down, against code of strangers in it. Nothing
  // here runs such code.
  unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &installed);
  if (result != 0 && errno == EINVAL) {
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &installed);
  }
  return result == 0 ? 0 : result > 0 ? EAGAIN : errno;
}
