#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Hours of a processor after which a process ends: nobody else would end one that a model has taken over, once the
/// program that started it is gone. Whoever asks next gets a new one.
enum { processor_hours = 7 * 24 };

static bool limit(__rlimit_resource_t resource, rlim_t value) {
  struct rlimit bounds = {.rlim_cur = value, .rlim_max = value};
  return setrlimit(resource, &bounds) == 0;
}

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "expected x86-64 or AArch64"
#endif

// Of an argument the lower half: both architectures are little-endian.
#define FIELD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE(number) ANSWER(SECCOMP_RET_ERRNO | (number))
#define ALLOW(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
/// Allows a call unless its argument has one of the bits.
#define ALLOW_WITHOUT(call, argument, bits) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), FIELD(args[argument]), \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), REFUSE(EPERM), ANSWER(SECCOMP_RET_ALLOW)

/// Allows a call about this process, which 0 stands for, and about no other.
#define ALLOW_SELF(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 4), FIELD(args[0]), \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), REFUSE(EPERM), ANSWER(SECCOMP_RET_ALLOW)

/// The head of every filter.
#define NATIVE_CALLS_ALONE \
  FIELD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0), ANSWER(SECCOMP_RET_KILL_PROCESS), \
      FIELD(nr)

/// Threads, and no processes; without clone3, whose arguments no filter sees, the C library uses clone.
#define THREADS(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1), REFUSE(ENOSYS), \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), FIELD(args[0]), \
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1), ANSWER(SECCOMP_RET_ALLOW), REFUSE(EPERM), \
      ALLOW(set_robust_list), ALLOW(rseq)

/// What computing needs: the channel, memory, waiting, the time, and what the process is.
#define COMPUTING \
  ALLOW(read), ALLOW(write), ALLOW(sendto), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk), \
      ALLOW(futex), ALLOW(sched_yield), ALLOW(nanosleep), ALLOW(clock_nanosleep), ALLOW(clock_gettime), \
      ALLOW(gettimeofday), ALLOW(setitimer), ALLOW(getpid), ALLOW(gettid), ALLOW(getcpu), \
      ALLOW(sched_getaffinity), ALLOW(getrandom), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(exit), \
      ALLOW(exit_group)

/// The same by calls that AArch64 has no more.
#if defined(__x86_64__)
#define COMPUTING_FORMERLY ALLOW(alarm), ALLOW(time),
#define READING_FORMERLY \
  ALLOW_WITHOUT(open, 1, for_writing), ALLOW(stat), ALLOW(lstat), ALLOW(access), ALLOW(readlink), ALLOW(poll), \
      ALLOW(arch_prctl),
#else
#define COMPUTING_FORMERLY
#define READING_FORMERLY
#endif

enum { for_writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND };

/// Holds every thread of the process to a filter.
static bool install(struct sock_filter *filter, size_t count) {
  struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/// Gives up what a process of the administrator may do beyond others.
static bool drop_capabilities(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  return syscall(SYS_capset, &head, none) == 0;
}

/// Enters a domain of its own, where the kernel has them: out of it no process' memory can be read, that of the program
/// that started this one neither, and no file be written.
static void enter_domain(void) {
#if defined(LANDLOCK_ACCESS_FS_WRITE_FILE) && defined(SYS_landlock_create_ruleset)
  struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE};
  int descriptor = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (descriptor < 0) return;
  (void)syscall(SYS_landlock_restrict_self, descriptor, 0);
  close(descriptor);
#endif
}

/// The processor time that all threads together may take.
static bool limit_processor(int threads) { return limit(RLIMIT_CPU, (rlim_t)threads * processor_hours * 3600); }

bool enter_outer_sandbox(uint64_t memory, int threads) {
  struct sock_filter filter[] = {
    NATIVE_CALLS_ALONE,
    COMPUTING,
    COMPUTING_FORMERLY
    // A library and what it depends on, and what it wants to know of the machine.
    ALLOW_WITHOUT(openat, 2, for_writing),
    READING_FORMERLY
    ALLOW(mmap),
    ALLOW(mprotect),
    ALLOW(close),
    ALLOW(fstat),
    ALLOW(newfstatat),
    ALLOW(statx),
    ALLOW(faccessat),
    ALLOW(faccessat2),
    ALLOW(readlinkat),
    ALLOW(lseek),
    ALLOW(pread64),
    ALLOW(readv),
    ALLOW(getdents64),
    ALLOW(getcwd),
    ALLOW(fcntl),
    ALLOW(ppoll),
    ALLOW(uname),
    ALLOW(sysinfo),
    ALLOW(getuid),
    ALLOW(geteuid),
    ALLOW(getgid),
    ALLOW(getegid),
    ALLOW_SELF(prlimit64),
    ALLOW_SELF(sched_setaffinity),
    ALLOW(rt_sigaction),
    ALLOW(sigaltstack),
    ALLOW(membarrier),
    // For the filter that follows.
    ALLOW(seccomp),
    THREADS(SYS_clone),
    REFUSE(EPERM),
  };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  enter_domain();
  return drop_capabilities() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
         limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_AS, (rlim_t)memory) && limit_processor(threads) &&
         install(filter, sizeof filter / sizeof filter[0]);
}

bool enter_inner_sandbox(bool may_start_threads) {
  struct sock_filter filter[] = {
    NATIVE_CALLS_ALONE,
    COMPUTING,
    COMPUTING_FORMERLY
    ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
    ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
    // No call has the number that stands where there are to be no threads.
    THREADS(may_start_threads ? SYS_clone : (unsigned)-1),
    REFUSE(EPERM),
  };
  return limit(RLIMIT_NOFILE, 4) && install(filter, sizeof filter / sizeof filter[0]);
}
