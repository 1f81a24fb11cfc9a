import Domain
import Encoding

/// How good models turned out to be, for people.
enum FeedbackWords {
  /// What was set.
  static func setting(_ answer: JSON, _ name: ModelName) -> String {
    let millionths = answer["millionths"]?.int ?? 0
    guard millionths > 0 else { return "\(name) awaits no labels" }
    let share = millionths == 1_000_000 ? "all requests" : "\(Double(millionths) / 10_000) % of requests"
    let obstacle = answer["obstacle"]?.string.map { "; but \($0)" } ?? ""
    return "\(name) awaits labels for \(share)\(obstacle)"
  }

  /// Whether a version is worse than it was that callers can be answered by: one that was replaced is nobody's trouble.
  static func isWorse(_ feedback: JSON) -> Bool {
    (feedback["versions"]?.array ?? []).contains {
      $0["performance"]?["alarm"]?.string != nil && $0["served"] != false
    }
  }

  /// The figures of a deployment; none where no label is awaited and none came.
  static func lines(_ feedback: JSON) -> [String] {
    let versions = feedback["versions"]?.array ?? []
    guard feedback["millionths"]?.int ?? 0 > 0 || !versions.isEmpty else { return [] }
    var lines = ["", "how good it turned out to be, by day"]
    if let obstacle = feedback["obstacle"]?.string { lines.append("  \(obstacle)") }
    for version in versions {
      if let words = performance(version["performance"] ?? .null) {
        let end = version["served"] == false ? "; it answers no more" : ""
        lines.append("  @\(version["version"].cell)  \(words)\(end)")
      }
      for day in version["days"]?.array ?? [] {
        lines.append("  @\(version["version"].cell)  \(day["from"].cell.prefix(10))  \(figures(of: day))")
        lines.append("    \(day["selection"].cell)")
        if let expected = day["expected"] { lines.append("    \(words(of: expected))") }
      }
    }
    if versions.isEmpty { lines.append("  no prediction of this time has come in yet") }
    let labels = feedback["labels"] ?? .null
    let counts = [
      ("pending", "wait for their predictions"), ("repeated", "said what was said before"),
      ("unknown", "were for nothing that is kept"), ("unlike", "were nothing that the model predicts"),
    ].compactMap { member, words in
      labels[member]?.int.flatMap { $0 > 0 ? "\($0) \(words)" : nil }
    }
    if !counts.isEmpty { lines.append("  of labels \(counts.joined(separator: ", "))") }
    return lines
  }

  /// What a version is held against, and whether it is worse; nil where nothing is known.
  private static func performance(_ performance: JSON) -> String? {
    if let alarm = performance["alarm"]?.string { return "worse than it was: \(alarm)" }
    let cutShort = performance["cutShortDays"]?.int ?? 0
    let room =
      cutShort > 0
      ? "; \(cutShort) \(cutShort == 1 ? "day" : "days") without room until labels came, held against nothing"
      : ""
    guard let metric = performance["metric"]?.string else {
      return cutShort > 0 ? "nothing to hold it against\(room)" : nil
    }
    guard let reference = performance["reference"], let rows = reference["rows"]?.int else {
      return
        "nothing to hold it against yet: \(performance["gatheredRows"].cell) labelled rows of days that are complete, of"
        + " \(performance["neededRows"].cell) rows and \(performance["neededDays"].cell) days\(room)"
    }
    let value = reference["value"]?.double.map { " of \(short($0))" } ?? ""
    return "held against the \(metric)\(value) of its first \(rows) labelled rows: not worse\(room)"
  }

  private static func figures(of day: JSON) -> String {
    let metrics = day["metrics"]?.object ?? [:]
    var words: [String] = []
    for name in ["accuracy", "precision", "recall", "f1", "auc", "log_loss", "brier", "ece", "mae", "rmse"] {
      guard let metric = metrics[name], let value = metric["value"]?.double else { continue }
      var text = "\(name) \(short(value))"
      if let from = metric["from"]?.double, let to = metric["to"]?.double {
        text += " (\(short(from)) to \(short(to)))"
      }
      words.append(text)
    }
    if words.isEmpty { words.append("no label yet") }
    for (member, name) in [("late", "late labels"), ("corrections", "corrections"), ("unkept", "not kept")] {
      if let count = day[member]?.int, count > 0 { words.append("\(count) \(name)") }
    }
    return words.joined(separator: ", ")
  }

  private static func words(of expected: JSON) -> String {
    guard let accuracy = expected["accuracy"]?.double else { return expected["missing"].cell }
    var text = "estimated accuracy \(short(accuracy))"
    if let from = expected["from"]?.double, let to = expected["to"]?.double {
      text += " (\(short(from)) to \(short(to)))"
    }
    for name in ["f1", "auc"] {
      if let value = expected[name]?.double { text += ", \(name) \(short(value))" }
    }
    if let below = expected["below"]?.string { text += ", \(below)" }
    return "\(text) (assumes: \(expected["assumes"].cell))"
  }

  private static func short(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
