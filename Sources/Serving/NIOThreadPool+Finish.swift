import NIOConcurrencyHelpers
import NIOPosix

extension NIOThreadPool {
  /// Waits until a pool of one thread has done what it was given, and leaves the thread to the end of the process.
  ///
  /// To end threads NIO goes by way of Dispatch, which reads `/proc/TID/stat` of its own workers and ends a process that
  /// may not: a confined one. So whatever has to be done before such a process ends is done without.
  func finishWork() {
    let done = ConditionLock(value: false)
    submit { _ in
      done.lock()
      done.unlock(withValue: true)
    }
    done.lock(whenValue: true)
    done.unlock()
  }
}
