import Domain
import Monitoring

/// Reads the input as a sketch of quantiles, as a reference, as a profile of one, as a window that a data plane wrote, or as what
/// tests have come to, as its first byte chooses.
///
/// What is taken is written again as the same bytes, answers every question, takes more values and merges with itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSketch(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  do throws(Problem) {
    switch form % 5 {
    case 0:
      let sketch = try QuantileSketch(bytes: input)
      precondition(sketch.bytes == input, "a sketch has one spelling")
      use(sketch)
    case 1:
      let reference = try Reference(bytes: input)
      precondition(reference.bytes == input, "a reference has one spelling")
      try use(reference.profile, reference)
    case 3:
      let window = try WatchedWindow(bytes: input)
      precondition(window.bytes == input, "a window has one spelling")
      let merged = try EventWindow.merged([window.window, window.window], into: 3_600_000)
      precondition(
        merged.reduce(0) { $0 + $1.profile.rows } == 2 * window.window.profile.rows, "every row counts")
      _ = ReferenceDistances(Reference(firstSeen: window.window.profile)).distances(of: window.window.profile)
    case 4:
      let training = TrainingColumn(name: "x", values: .numbers((0..<40).map { Double($0) }))
      let reference = try Reference(training: [training])
      var monitor = try DriftMonitor(reference, state: input)
      precondition(monitor.state == input, "what tests have come to has one spelling")
      _ = try monitor.observe(reference.profile, until: Timestamp(milliseconds: 1))
    default:
      let columns = [
        ColumnShape(name: "x", kind: .number(NumberShape(edges: [0, 1], range: -1...2, fence: -9...9))),
        ColumnShape(name: "c", kind: .category(CategoryShape(labels: ["a", "b"]))),
      ]
      let profile = try ModelProfile(bytes: input, shape: ModelShape(columns: columns))
      precondition(profile.bytes == input, "a profile has one spelling")
      let reference = try Reference(training: [])
      precondition(
        throwsProblem { () throws(Problem) in _ = try reference.drift(of: profile) }, "columns differ")
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}

private func throwsProblem(_ body: () throws(Problem) -> Void) -> Bool {
  do throws(Problem) { try body() } catch { return true }
  return false
}

private func use(_ sketch: QuantileSketch) {
  let distribution = sketch.distribution
  precondition(distribution.total == Double(sketch.count), "no weight is lost")
  precondition(sketch.rankError() >= 0, "an error is never negative")
  _ = distribution.quantile(0.5)
  var merged = sketch
  merged.merge(sketch)
  for value in 0..<200 { merged.observe(Double(value)) }
  precondition(merged.distribution.total == Double(merged.count), "merging loses no weight")
}

private func use(_ profile: ModelProfile, _ reference: Reference) throws(Problem) {
  for number in profile.numbers { use(number.quantiles) }
  _ = try reference.drift(of: profile)
  var monitor = DriftMonitor(reference)
  _ = try monitor.observe(profile, until: Timestamp(milliseconds: 1))
  var merged = profile
  try merged.merge(profile)
  let row = [Double](repeating: 1, count: profile.shape.numberColumns.count)
  let texts = [String?](repeating: "a", count: profile.shape.categoryColumns.count)
  try merged.observe(row: row, texts: texts)
  precondition(merged.rows == 2 * profile.rows + 1, "every row counts")
}
