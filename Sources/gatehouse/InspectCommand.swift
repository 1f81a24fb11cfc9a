import ArgumentParser
import Domain
import Inspection

/// `gatehouse inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Read artifacts without running anything of them, and say what they would do.",
    discussion: """
      Needs no server and no network. Exit status: 0 nothing at or above the threshold, 1 findings at or above \
      it or an artifact that is not liftable.
      """)

  /// How to print what was found.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif
  }

  @Argument(help: "Files or directories.")
  var paths: [String]

  @Option(help: "text, json or sarif.")
  var format = Format.text

  @Option(help: "The least severity that fails: note, low, medium, high or critical.")
  var failOn = "medium"

  func run() throws {
    guard let threshold = Severity(rawValue: failOn) else {
      throw Problem(
        .usage, "inspect.severity",
        "expected one of \(Severity.allCases.map(\.rawValue).joined(separator: ", ")), found '\(failOn)'")
    }
    var reports: [InspectionReport] = []
    for path in paths { reports.append(Inspector.inspect(try LocalFiles.artifact(at: path), path: path)) }
    let all = InspectionReports(reports)
    switch format {
    case .text: Console.data(all.text)
    case .json: Console.data(all.json)
    case .sarif: Console.data(all.sarif)
    }
    let fails = reports.contains { report in
      report.verdict != .liftable || report.findings.contains { $0.severity >= threshold }
    }
    if fails { throw CommandEnd(exitCode: 1) }
  }
}
