import Glibc

/// What this process takes of the machine.
struct ProcessUsage {
  /// Bytes that are in memory.
  let residentBytes: Int
  /// What it has computed for so far, in nanoseconds.
  let processorNanoseconds: Int
  /// How many descriptors it may have.
  let descriptorLimit: Int

  /// Asks the kernel.
  init() {
    let pages = (try? BoundedFile.pseudo("/proc/self/statm")).map { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
    residentBytes = (pages ?? 0) * sysconf(CInt(_SC_PAGESIZE))
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    processorNanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec
    var limit = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    descriptorLimit = Int(clamping: limit.rlim_cur)
  }
}
