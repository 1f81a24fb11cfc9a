/// Numbers that begin at a cache line, as the C kernels read them fastest.
///
/// Nothing is written after `init`, so that threads may share it.
@safe final class AlignedNumbers: @unchecked Sendable {
  /// The first of them.
  @unsafe let start: UnsafePointer<Double>

  private static let lineBytes = 64

  /// Makes room for `count` numbers, which `fill` writes, every one.
  init(count: Int, fill: (UnsafeMutablePointer<Double>) -> Void) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Double>.stride, alignment: Self.lineBytes)
    let numbers = unsafe memory.bindMemory(to: Double.self, capacity: max(1, count))
    unsafe fill(numbers)
    unsafe self.start = UnsafePointer(numbers)
  }

  deinit { unsafe start.deallocate() }
}
