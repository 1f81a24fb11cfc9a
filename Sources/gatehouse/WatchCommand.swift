import ArgumentParser
import Domain
import Encoding

/// `gatehouse watch`.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Show what comes to a deployment beside what its model was trained with.",
    discussion: """
      Per version: how many rows came and how many of them were looked at, alerts that stand, and the columns, those that are \
      furthest from training first. Exit status 1 where an alert stands, something was found of a caller in the span, or a version \
      that answers is worse than it was by its labels.
      """)

  @Argument(help: "The deployment.")
  var name: String

  @Option(help: "Show all that is known of this column.")
  var feature: String?

  @Option(help: "How far back: 90s, 30m, 1h, 7d.")
  var span = "1h"

  @Option(help: "Show so many columns of each version at most.")
  var columns = 10

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let seconds = try Self.seconds(of: span)
    let answer = try await server.withClient {
      try await $0.get("/deployments/\(name)/watch?span=\(seconds)")
    }
    let versions = answer["versions"]?.array ?? []
    if json { Console.data(answer) } else { show(answer, versions, name) }
    let isAlerting = versions.contains { version in
      !(version["callers"]?.array ?? []).isEmpty
        || (version["columns"]?.array ?? []).contains { !($0["alert"]?.array ?? []).isEmpty }
    }
    if isAlerting || FeedbackWords.isWorse(answer["feedback"] ?? .null) { throw ExitCode(1) }
  }

  /// The seconds of `90s`, `30m`, `1h` or `7d`.
  static func seconds(of text: String) throws(Problem) -> Int {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      1...1_000_000 ~= count
    else {
      throw Problem(
        .usage, "usage.span", "expected a span such as 90s, 30m, 1h or 7d, found '\(text.excerpt(40))'")
    }
    guard count * unit <= Self.keptSeconds else {
      throw Problem(
        .usage, "usage.span",
        "expected a span of at most \(Self.keptSeconds / 86_400)d, for so long windows are kept, found '\(text)'"
      )
    }
    return count * unit
  }

  /// For how long windows are kept, in seconds.
  private static let keptSeconds = 35 * 86_400

  private func show(_ answer: JSON, _ versions: [JSON], _ name: ModelName) {
    if answer["watch"]?.string == "off" {
      Console.prose("\(name) is not watched: 'gatehouse deployments set \(name) --watch on' has it watched")
    }
    let silent = (answer["silent"]?.array ?? []).map { "@\($0.int ?? 0)" }
    if versions.isEmpty {
      Console.prose(
        silent.isEmpty
          ? "nothing came to \(name) in the last \(span): no version of it answers"
          : "nothing came to \(name) in the last \(span), which \(silent.joined(separator: ", ")) answers")
    } else if !silent.isEmpty {
      Console.prose("nothing came to \(silent.joined(separator: ", ")) in the last \(span)")
    }
    for (place, version) in versions.enumerated() {
      if place > 0 { Console.data("") }
      show(version, name)
    }
    if feature == nil { FeedbackWords.lines(answer["feedback"] ?? .null).forEach { Console.data($0) } }
    let alerts = answer["alerts"]?.array ?? []
    guard !alerts.isEmpty, feature == nil else { return }
    Console.data("\nalerts, the newest first")
    for alert in alerts.prefix(10) {
      Console.data("  \(alert["foundAt"].cell)  @\(alert["version"].cell)  \(alert["message"].cell)")
    }
  }

  private func show(_ version: JSON, _ name: ModelName) {
    let rows = version["rows"]?.int ?? 0
    let share = ((version["seenShare"]?.double ?? 1) * 1000).rounded() / 10
    Console.data(
      "\(name)@\(version["version"].cell)  \(rows) rows in \(version["windows"].cell) windows,"
        + " \(version["from"].cell) to \(version["until"].cell)")
    var notes = ["held against \(Self.words(version["against"]?.string))"]
    if version["served"] == .bool(false) { notes.append("answers no more") }
    if let problem = version["referenceProblem"]?.string { notes.append(problem) }
    if share < 100 { notes.append("\(share) % of the rows were looked at") }
    for (member, words) in [
      ("refusedRequests", "requests refused for what they sent"), ("outlierRows", "rows with outliers"),
      ("violatingRows", "rows that training had no room for"), ("lateRows", "late rows"),
      ("misplacedRows", "rows of another time"), ("droppedWindows", "windows lost"),
      ("notedRows", "rows unlike training's that were answered"),
      ("guardedRequests", "requests refused for rows unlike training's"),
      ("heldRequests", "requests of callers who are held back"),
      ("untoldAlarms", "further alarms about callers"),
    ] {
      if let count = version[member]?.int, count > 0 { notes.append("\(count) \(words)") }
    }
    Console.data("  \(notes.joined(separator: "; "))")
    for caller in version["callers"]?.array ?? [] { Console.data("  \(caller["message"].cell)") }
    let all = (version["columns"]?.array ?? []).sorted { Self.badness($0) > Self.badness($1) }
    if let feature {
      for column in all where column["name"]?.string == feature { Console.data(column) }
      return
    }
    let shown = all.prefix(max(0, columns))
    guard !shown.isEmpty else { return }
    Console.table(
      [["COLUMN", "ROLE", "VALUES", "MISSING", "DISTANCE", "P", "PSI", "STATE"]]
        + shown.map { column in
          let drift = column["drift"] ?? .null
          // Of a masked column there is no test: neither its quantiles nor its counts are there.
          return [
            column["name"].cell, column["role"].cell, column["count"].cell, column["missing"].cell,
            Self.short(Self.distance(column)),
            Self.short(drift["ks"]?["pValue"] ?? drift["chiSquared"]?["pValue"]),
            Self.short(drift["psi"]), Self.state(column),
          ]
        })
    if all.count > shown.count { Console.prose("  and \(all.count - shown.count) columns that are nearer") }
  }

  private static func words(_ yardstick: String?) -> String {
    switch yardstick {
    case "training": "training data"
    case "first-rows": "the first rows that came, since nobody said what training looked like"
    default: "nothing yet: push with --training-data to have something to hold it against"
    }
  }

  /// KS of a number, the Jensen–Shannon distance of a category; of what is masked what there is.
  private static func distance(_ column: JSON) -> JSON? {
    let drift = column["drift"] ?? .null
    if let distance = drift["maskedDistance"], distance.double != nil { return distance }
    return drift["ks"]?["statistic"] ?? drift["jensenShannon"]
  }

  /// Columns with alerts first, then by distance.
  private static func badness(_ column: JSON) -> Double {
    ((column["alert"]?.array ?? []).isEmpty ? 0 : 10) + (distance(column)?.double ?? 0)
  }

  private static func state(_ column: JSON) -> String {
    let aspects = (column["alert"]?.array ?? []).compactMap(\.string)
    guard aspects.isEmpty else { return "changed: \(aspects.joined(separator: ", "))" }
    if column["masked"]?.int ?? 0 > 0 { return "masked" }
    return column["drift"] == nil ? "not compared" : "as expected"
  }

  private static func short(_ value: JSON?) -> String {
    guard let number = value?.double else { return "" }
    return number == 0 || abs(number) >= 0.001 ? "\((number * 1000).rounded() / 1000)" : "<0.001"
  }
}
