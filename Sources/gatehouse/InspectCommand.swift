import ArgumentParser
import Domain
import Encoding
import Inspection
import Lifting

/// `gatehouse inspect`.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Read artifacts without running anything of them, and say what they would do.",
    discussion: """
      Needs no server and no network. A directory is one artifact; no link in it is followed. Exit status: 0 \
      nothing at or above the threshold, 1 findings at or above it or a dangerous artifact, 2 a path that \
      cannot be read.
      """)

  /// How to print what was found.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif
  }

  @Argument(help: "Files or directories.")
  var paths: [String] = []

  @Option(help: "text, json or sarif.")
  var format = Format.text

  @Option(help: "The least severity that fails: note, low, medium, high or critical.")
  var failOn = "medium"

  @Option(help: ArgumentHelp(EngineOption.help), transform: EngineOption.parse)
  var engine: LiftEngine?

  @Option(help: "Print the page about a rule, or with 'all' about every rule, and inspect nothing.")
  var explain: String?

  func validate() throws {
    if paths.isEmpty, explain == nil {
      throw ValidationError("expected a file or directory to inspect, or --explain RULE")
    }
  }

  func run() async throws {
    if let explain { return try explainRule(explain) }
    guard let threshold = Severity(rawValue: failOn) else {
      let names = Severity.allCases.map(\.rawValue)
      throw Problem(
        .usage, "inspect.severity", "expected one of \(names.joined(separator: ", ")), found '\(failOn)'",
        hint: NearName.nearest(to: failOn, among: names).map { "use '\($0)'" })
    }
    let outcomes = await InspectionRun(paths: paths, engine: engine).outcomes()
    let reports = outcomes.compactMap { try? $0.get() }
    let all = InspectionReports(reports)
    switch format {
    case .text: if !reports.isEmpty { Console.data(all.text) }
    case .json: Console.data(all.json)
    case .sarif: Console.data(all.sarif(version: GatehouseCommand.version))
    }
    var unread: Problem?
    for case .failure(let problem) in outcomes {
      Console.prose(problem.description)
      unread = unread ?? problem
    }
    if let unread { throw CommandEnd(exitCode: unread.exitCode) }
    let fails = reports.contains { report in
      report.verdict == .dangerous || report.findings.contains { $0.severity >= threshold }
    }
    if fails { throw CommandEnd(exitCode: 1) }
  }

  private func explainRule(_ id: String) throws {
    if id == "all" { return Console.data(Rule.handbook) }
    guard let rule = Rule.named(id) else {
      throw Problem(
        .usage, "inspect.unknown-rule", "expected the id of a rule, found '\(id)'",
        hint: NearName.nearest(to: id, among: Rule.all.map(\.id)).map { "use '\($0)'" }
          ?? "'gatehouse inspect --explain all' lists them")
    }
    Console.data(rule.page)
  }
}

/// Several artifacts, inspected at the same time.
private struct InspectionRun {
  let paths: [String]
  let engine: LiftEngine?

  /// What became of each path, in the order of the arguments.
  func outcomes() async -> [Result<InspectionReport, Problem>] {
    // One at a time for each core: an artifact is held in memory while it is read.
    let width = max(1, min(paths.count, Processors.count))
    return await withTaskGroup(of: (Int, Result<InspectionReport, Problem>).self) { group in
      var outcomes = [Result<InspectionReport, Problem>?](repeating: nil, count: paths.count)
      var next = 0
      func add() {
        guard next < paths.count else { return }
        let (number, path) = (next, paths[next])
        next += 1
        group.addTask { @concurrent in (number, inspect(path)) }
      }
      for _ in 0..<width { add() }
      let start = ContinuousClock.now
      var done = 0
      while let (number, outcome) = await group.next() {
        outcomes[number] = outcome
        done += 1
        if ContinuousClock.now - start > .seconds(1) {
          Console.progress("inspected \(done) of \(paths.count): \(paths[number].excerpt(80))")
        }
        add()
      }
      Console.progress("")
      return outcomes.compactMap { $0 }
    }
  }

  private func inspect(_ path: String) -> Result<InspectionReport, Problem> {
    do throws(Problem) {
      let report = Inspector.inspect(try LocalFiles.inspectedArtifact(at: path), path: path)
      return .success(confirmed(report))
    } catch {
      return .failure(error)
    }
  }

  /// The report, once the model that it calls liftable was lifted: no verdict is better than a trial.
  private func confirmed(_ report: InspectionReport) -> InspectionReport {
    guard report.verdict == .liftable, let source = report.source else { return report }
    do throws(Problem) {
      let runner = try Lifter.lift(source, engine: engine).runner
      if let runner { Console.prose("\(report.path): runs by \(runner)") }
      return report
    } catch {
      return report.notLifted(error)
    }
  }
}
