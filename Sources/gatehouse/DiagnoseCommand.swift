import ArgumentParser
import Domain
import Encoding

/// `gatehouse diagnose`.
struct DiagnoseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose",
    abstract:
      "Say what is likely to be the matter with a deployment: the network, what was changed, or the data.",
    discussion: """
      What came since then is held against the time before, as long: requests, failures, refusals, latency, columns that are \
      unlike training, and what was changed. Exit status 1 where something is the matter.
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
    }
    traffic(evidence["traffic"], "since then")
    traffic(evidence["before"], "before")
    let same = (answer["same"]?.array ?? []).compactMap(\.string)
    guard !same.isEmpty else { return }
    Console.data("\nas it was, or as it should be")
    for line in same { Console.data("   - \(line)") }
  }

  private func traffic(_ span: JSON?, _ words: String) {
    let versions = span?["versions"]?.array ?? []
    guard !versions.isEmpty else { return }
    Console.data("\n\(words), \((span?["seconds"]?.int ?? 0) / 60) minutes")
    Console.table(
      [["VERSION", "ANSWERED", "REFUSED", "FAILED", "P50 MS", "P99 MS"]]
        + versions.map { version in
          ["version", "answered", "refused", "failed", "p50Milliseconds", "p99Milliseconds"].map {
            version[$0] == .null ? "" : version[$0].cell
          }
        })
  }
}
