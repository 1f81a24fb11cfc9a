import Dispatch

/// Runs the jobs of one actor on a thread that may block.
///
/// System calls on files block, `fsync` for milliseconds; on Swift's own pool of as many threads as there are
/// cores that would hold up everything else.
final class DiskExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "gatehouse.storage.disk")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
