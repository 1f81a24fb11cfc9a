import ArgumentParser
import Domain
import Encoding

/// `gatehouse diagnose`.
struct DiagnoseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract:
      "Say what is likely to be the matter with a deployment: network, code, machine, keys, or data.",
    discussion: """
      What came since then is held against the time before, as long: requests, failures and refusals by cause, latency by \
      stage, columns that are unlike training, and what was changed. Exit status 1 where something is the matter.
      """)

  @Argument(help: "The deployment.")
  var name: String

  @Option(help: "How far back: 10m, 1h, 24h.")
  var since = "1h"

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let seconds = try WatchCommand.seconds(of: since)
    let answer = try await server.withClient {
      try await $0.get("/deployments/\(name)/diagnosis?span=\(seconds)")
    }
    let findings = answer["findings"]?.array ?? []
    if json { Console.data(answer) } else { show(answer, findings, name) }
    if !findings.isEmpty { throw CommandEnd(exitCode: 1) }
  }

  private func show(_ answer: JSON, _ findings: [JSON], _ name: ModelName) {
    let evidence = answer["evidence"] ?? .null
    Console.data("\(name)@\(evidence["live"].cell) since \(evidence["since"].cell)")
    if findings.isEmpty { Console.data("nothing is known to be the matter") }
    for (place, finding) in findings.enumerated() {
      Console.data("\n\(place + 1). \(finding["cause"].cell): \(finding["summary"].cell)")
      for line in finding["evidence"]?.array ?? [] { Console.data("   - \(line.string ?? "")") }
      for line in finding["commands"]?.array ?? [] { Console.data("   $ \(line.string ?? "")") }
      for line in finding["runbooks"]?.array ?? [] { Console.data("   runbook: \(line.string ?? "")") }
    }
    let (recent, before) = (evidence["traffic"], evidence["before"])
    traffic(recent, "since then")
    traffic(before, "before")
    stages(recent, before)
    for (member, words) in [
      ("refusals", "refused"), ("failures", "failed"), ("turnedAway", "came to no version"),
    ] {
      causes(recent?[member], before?[member], words)
    }
    if before == .null || before == nil, let start = evidence["knownSince"]?.string {
      Console.data(
        "\nnothing to compare with: what is known begins at \(start), a day ago or with this control plane")
    }
    let same = (answer["same"]?.array ?? []).compactMap(\.string)
    guard !same.isEmpty else { return }
    Console.data("\nas it was, or as it should be")
    for line in same { Console.data("   - \(line)") }
  }

  /// What an answer spends its time on, of all versions and of each where there are several.
  private func stages(_ recent: JSON?, _ before: JSON?) {
    guard let now = recent?["stages"]?.object else { return }
    let versions = recent?["versions"]?.array ?? []
    let several = versions.count > 1 ? versions : []
    Console.data("\nwhat an answer spends its time on, mean ms")
    let header = ["STAGE", "NOW", "BEFORE"] + several.map { "VERSION \($0["version"].cell)" }
    let rows = RequestStage.allCases.map { stage in
      let member = "\(stage.rawValue)Milliseconds"
      return [stage.rawValue, Self.cell(now[member]), Self.cell(before?["stages"]?[member])]
        + several.map { Self.cell($0["stages"]?[member]) }
    }
    Console.table([header] + rows)
  }

  /// For which causes, the five most frequent.
  private func causes(_ recent: JSON?, _ before: JSON?, _ words: String) {
    let rows = (recent?["causes"]?.array ?? []).prefix(5)
    guard !rows.isEmpty else { return }
    let callers = recent?["leastCallers"]?.int ?? 0
    Console.data(
      "\n\(words)" + (callers > 0 ? ", of at least \(callers) caller\(callers == 1 ? "" : "s")" : ""))
    let former = before?["causes"]?.array ?? []
    Console.table(
      [["CODE", "NOW", "BEFORE"]]
        + rows.map { row in
          [
            row["code"].cell, row["count"].cell,
            former.first { $0["code"] == row["code"] }.map { $0["count"].cell } ?? "0",
          ]
        })
  }

  private static func cell(_ value: JSON?) -> String { value == .null ? "" : value.cell }

  private func traffic(_ span: JSON?, _ words: String) {
    let versions = span?["versions"]?.array ?? []
    guard !versions.isEmpty else { return }
    let seconds = span?["seconds"]?.int ?? 0
    Console.data("\n\(words), \(seconds < 120 ? "\(seconds) seconds" : "\(seconds / 60) minutes")")
    Console.table(
      [["VERSION", "ANSWERED", "REFUSED", "FAILED", "P50 MS", "P99 MS"]]
        + versions.map { version in
          ["version", "answered", "refused", "failed", "p50Milliseconds", "p99Milliseconds"].map {
            version[$0] == .null ? "" : version[$0].cell
          }
        })
  }
}
