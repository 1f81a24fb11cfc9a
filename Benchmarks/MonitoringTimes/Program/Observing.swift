import Domain
import Monitoring

/// Normal numbers that repeat from run to run.
struct Normals {
  var state: UInt64

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Twelve uniform numbers less 6: nearly normal, and cheap.
  mutating func next() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += Double(bits() >> 11) * 0x1p-53 }
    return sum
  }
}

/// Nanoseconds a value, when rows come in blocks of 64.
func observe(features: Int, rows: Int) throws(Problem) {
  var normals = Normals(state: 7)
  let training = (0..<features).map { index in
    TrainingColumn(name: "f\(index)", values: .numbers((0..<1_000).map { _ in normals.next() }))
  }
  let reference = try Reference(training: training)
  let pool = 64 * max(1, min(rows / 64, 1_000_000 / (64 * features)))
  let values = (0..<(pool * features)).map { _ in normals.next() }
  var times: [Double] = []
  for _ in 0..<max(3, min(41, 2_000_000 / (rows * features))) {
    var profile = ModelProfile(shape: reference.shape)
    var (left, place) = (rows, 0)
    let start = ContinuousClock.now
    while left > 0 {
      let count = min(64, left)
      if place + count > pool { place = 0 }
      try profile.observe(
        rows: count, numbers: values.span.extracting((place * features)..<((place + count) * features)))
      place += count
      left -= count
    }
    times.append((ContinuousClock.now - start) / .nanoseconds(1))
  }
  times.sort()
  print("ns-a-value \(times[times.count / 2] / Double(rows * features))")
}
