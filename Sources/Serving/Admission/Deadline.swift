import Domain

/// Until when a prediction may begin.
struct Deadline: Equatable, Sendable {
  /// Nanoseconds of the clock that only goes forward; nil where there is no end.
  var nanoseconds: Int?

  static let never = Deadline()

  /// Throws where it is too late to begin.
  func check() throws(Problem) {
    if isOver { throw Self.over }
  }

  var isOver: Bool {
    guard let remaining else { return false }
    return remaining <= 0
  }

  /// The nanoseconds that are left; nil where there is no end.
  var remaining: Int? { nanoseconds.map { $0 - Clock.monotonic() } }

  static var over: Problem {
    Problem(.deadline, "request.deadline", "expected to begin the prediction in time, found the time over")
  }
}
