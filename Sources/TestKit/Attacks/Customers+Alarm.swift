package import Monitoring

extension Customers {
  /// An alarm as a caller raises it who asks about anything in the ranges of training; nil where it raises none.
  package static func alarm(seed: UInt64 = 3) throws -> CallerAlarm? {
    var draws = Draws(seed: seed)
    let training = rows(1_000, &draws)
    var watch = CallerWatch(try CallerBaseline(training: columns(training)))
    for row in Extraction.uniform.queries(400, of: .logistic, training: training, &draws) {
      if let alarm = try watch.observe(caller: 7, rows: 1, numbers: row.span).first { return alarm }
    }
    return nil
  }
}
