import Domain
import Monitoring

/// What the windows of a model hold when each event loop has one that is open and one that waits to be taken, both full.
func memory(features: Int, loops: Int) throws(Problem) {
  var normals = Normals(state: 3)
  let training = (0..<features).map { index in
    TrainingColumn(name: "f\(index)", values: .numbers((0..<1_000).map { _ in normals.next() }))
  }
  let reference = try Reference(training: training)
  let resident = residentBytes()
  var all: [EventWindows] = []
  let values = (0..<(64 * features)).map { _ in normals.next() }
  for _ in 0..<loops {
    var windows = try EventWindows(shape: reference.shape, length: 60_000)
    for minute: Int64 in 0..<2 {
      for _ in 0..<100 {
        let moment = Timestamp(milliseconds: 60_000 * minute)
        try windows.observe(rows: 64, numbers: values.span, at: moment, now: moment)
      }
    }
    all.append(windows)
  }
  print("open-windows \(all.reduce(0) { $0 + $1.openCount })")
  print("bytes \(all.reduce(0) { $0 + $1.memory })")
  print("resident-bytes-more \(residentBytes() - resident)")
  print("reference-bytes \(reference.bytes.count)")
}

/// One row at a time through the windows of an event loop, nanoseconds a value.
func observeRows(features: Int, rows: Int) throws(Problem) {
  var normals = Normals(state: 5)
  let training = (0..<features).map { index in
    TrainingColumn(name: "f\(index)", values: .numbers((0..<1_000).map { _ in normals.next() }))
  }
  let reference = try Reference(training: training)
  let pool = max(1, 500_000 / features)
  let values = (0..<(pool * features)).map { _ in normals.next() }
  var windows = try EventWindows(shape: reference.shape, length: 60_000)
  let start = ContinuousClock.now
  for row in 0..<rows {
    let place = row % pool * features
    let moment = Timestamp(milliseconds: Int64(row / 75))
    try windows.observe(
      rows: 1, numbers: values.span.extracting(place..<(place + features)), at: moment, now: moment)
    if row & 0xFFFF == 0 { _ = windows.takeClosed() }
  }
  print("ns-a-value \((ContinuousClock.now - start) / .nanoseconds(1) / Double(rows * features))")
  // What the rows take at which all columns compact at once: in a fresh window, each row by itself.
  windows = try EventWindows(shape: reference.shape, length: 60_000)
  var spans: [Double] = []
  for row in 0..<30_000 {
    let place = row % pool * features
    let begun = ContinuousClock.now
    try windows.observe(
      rows: 1, numbers: values.span.extracting(place..<(place + features)), at: Timestamp(milliseconds: 0),
      now: Timestamp(milliseconds: 0))
    spans.append((ContinuousClock.now - begun) / .microseconds(1))
  }
  spans.sort()
  print("us-of-the-longest-rows \(spans.suffix(20).map { String(Int($0)) }.joined(separator: " "))")
}
