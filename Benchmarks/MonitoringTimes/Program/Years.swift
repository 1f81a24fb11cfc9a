import Domain
import Monitoring

/// Lives through a year of a hundred features at a thousand requests an hour, a quarter of an hour at a time, and says what
/// was told that was not there; then moves the first feature by half a deviation and says how many requests it took.
func liveThroughYear(seed: UInt64, trainingRows: Int, features: Int, hours: Int) throws(Problem) {
  var normals = Normals(state: seed &* 0x2545_F491_4F6C_DD1D)
  var training: [TrainingColumn] = []
  for feature in 0..<features {
    let values = (0..<trainingRows).map { _ in rounded(normals.next(), feature) }
    training.append(TrainingColumn(name: "f\(feature)", values: .numbers(values)))
  }
  let reference = try Reference(training: training)
  var monitor = DriftMonitor(reference)
  // Numbers are drawn from a pool of a million, which is as good as fresh ones and ten times as fast.
  let pool = (0..<(1 << 20)).map { _ in normals.next() }
  var requests = 0
  var values = [Double](repeating: 0, count: 250 * features)

  func tick(rows: Int, shift: Double) throws(Problem) -> [Alert] {
    for place in 0..<(rows * features) {
      let value = pool[Int(truncatingIfNeeded: normals.bits() >> 44)]
      values[place] = rounded(value + (place % features == 0 ? shift : 0), place % features)
    }
    var profile = ModelProfile(shape: reference.shape)
    try profile.observe(rows: rows, numbers: values.span.extracting(0..<(rows * features)))
    requests += rows
    return try monitor.observe(profile, until: Timestamp(milliseconds: Int64(requests) * 3_600))
  }

  var told = 0
  while requests < 1_000 * hours {
    for alert in try tick(rows: 250, shift: 0) where alert.change != nil {
      told += 1
      print("told \(alert.message)")
    }
  }
  print(
    "false-alerts \(told) requests \(requests) features \(features) training-rows \(trainingRows) seed \(seed)"
  )
  let onset = requests
  while requests < onset + 4_000 {
    guard let alert = try tick(rows: 50, shift: 0.5).first(where: { $0.change != nil }) else { continue }
    print("found-after \(requests - onset) \(alert.message)")
    return
  }
  print("found-after never")
}

/// Every second feature comes in tenths, and every tenth in whole numbers: most data have values that come again.
private func rounded(_ value: Double, _ feature: Int) -> Double {
  if feature % 10 == 9 { return value.rounded() }
  return feature % 2 == 1 ? (value * 10).rounded() / 10 : value
}
