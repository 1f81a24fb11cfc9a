public import Domain
public import Lifecycle
import Synchronization

/// A clock that goes on by a fixed step each time it is asked.
public final class ManualTime: TimeSource {
  // Both moments belong to the same tick.
  private let ticks = Mutex(0)
  private let start: Timestamp
  private let step: Int

  /// Starts at a moment; `step` is in milliseconds.
  public init(start: Timestamp = Timestamp(milliseconds: 1_700_000_000_000), step: Int = 1) {
    self.start = start
    self.step = step
  }

  /// The moment now, a step after the last one asked for.
  public func now() -> Timestamp { Timestamp(milliseconds: start.milliseconds + Int64(tick())) }

  /// The time since the start, a step after the last one asked for.
  public func uptime() -> Duration { .milliseconds(tick()) }

  /// Lets time go by.
  public func advance(by span: Duration) {
    ticks.withLock { $0 += Int(span.components.seconds) * 1000 }
  }

  private func tick() -> Int {
    ticks.withLock { ticks in
      ticks += step
      return ticks
    }
  }
}

/// Bytes that repeat from run to run: SplitMix64 over a seed.
///
/// For tests alone.
public final class SeededEntropy: Entropy {
  // Every byte is handed out once.
  private let generator: Mutex<SeededGenerator>

  /// Starts from a seed.
  public init(seed: UInt64 = 1) {
    generator = Mutex(SeededGenerator(seed: seed))
  }

  /// As many bytes as asked for.
  public func bytes(_ count: Int) -> [UInt8] {
    generator.withLock { generator in
      var bytes: [UInt8] = []
      for _ in 0..<max(0, count) { bytes.append(UInt8.random(in: .min ... .max, using: &generator)) }
      return bytes
    }
  }
}

/// The data plane's state in memory, with faults on request.
public final class InMemoryPlaneStateStore: PlaneStateStore {
  /// A path of no file.
  public let path = "/in-memory/plane.json"
  private let faults: FaultPlan
  // Replaced whole.
  private let state = Mutex<PlaneState?>(nil)

  /// An empty store; `faults` numbers what is saved.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// Replaces the state.
  public func save(_ state: PlaneState) throws(Problem) {
    try faults.write { () throws(Problem) in self.state.withLock { $0 = state } }
  }

  /// The state that was saved last; nil where there was none.
  public func load() throws(Problem) -> PlaneState? { state.withLock { $0 } }
}
