import ArgumentParser
import Domain
import Encoding
import Glibc
import Inference
import Lifting
import ModelTests
import Provenance
import Storage

/// `gatehouse test`.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Hold a model against a plan of tests, on this machine, without a server.",
    discussion: """
      The plan is gatehouse.tests.yaml beside the model unless --tests names another; with --learn one is written to \
      begin with. Exit status: 0 every test holds, 1 some test does not, 2 a file that cannot be read or is not what \
      it should be.
      """)

  @Argument(
    help:
      "A bundle's directory, an artifact, or a served model's name; NAME@VERSION runs the tests of a version again."
  )
  var model: String?

  @Option(help: "The plan (default: gatehouse.tests.yaml beside the model).")
  var tests: String?

  @Option(
    name: .customLong("data"),
    help: "Rows with their labels, as CSV (default: what the plan names, beside it).")
  var rows: String?

  @Option(help: "A model to compare with: a bundle's directory, an artifact, or a served model's name.")
  var champion: String?

  @Option(help: "Where chance begins (default: the plan's).")
  var seed: UInt64?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Write the report, or the plan that was learned, to a file.")
  var output: String?

  @Option(help: "Learn what rows look like from a CSV file, and write a plan to begin with.")
  var learn: String?

  @Option(help: "With --learn: the column that the model predicts.")
  var label: String?

  @Option(help: "The public key that a bundle must be sealed with (default: the platform's).")
  var key: String?

  @Option(help: ArgumentHelp(EngineOption.help), transform: EngineOption.parse)
  var engine: LiftEngine?

  @OptionGroup var connection: ConnectionOptions

  @Option(name: .customLong("data-directory"), help: "The platform's data directory (default: as for serve).")
  var directory: String?

  func run() async throws {
    if let learn { return try learnPlan(from: learn) }
    guard let model else {
      throw Problem(
        .usage, "test.no-model", "expected a model to test, found none",
        hint: "name an artifact, or learn a plan with --learn")
    }
    if let (name, version) = Self.version(model) { return try await runAgain(name, version) }
    let file = tests ?? "\(Self.folder(of: model))/\(TestPlan.fileName)"
    let plan = try Self.plan(at: file)
    let data = try (rows ?? Self.rows(of: plan, at: file)).map { (path) throws(Problem) in
      try Self.table(at: path)
    }
    let (tested, digest) = try await load(model)
    var run = TestRun(plan, of: tested, on: data, seed: seed)
    var report: TestReport
    if let champion {
      let (other, named) = try await load(champion)
      run = TestRun(plan, of: tested, on: data, against: other, seed: seed)
      report = try run.report()
      report.champion = named
    } else {
      report = try run.report()
    }
    report.model = digest
    let measured = try run.latency { Self.monotonic() }
    try tell(report, measured, plan: file)
    if !report.isPassed || measured?.isPassed == false { throw CommandEnd(exitCode: 1) }
  }

  private func load(_ name: String) async throws -> (TestedModel, Digest) {
    let data = DataDirectory(option: directory)
    let local = try await LocalModel.load(name, key: key, engine: engine, data)
    return (TestedModel(local.plan, byteCount: local.byteCount), local.digest)
  }

  /// Reads a plan; where it is faulty, all its faults are told, and the command ends with 2.
  static func plan(at file: String) throws -> TestPlan {
    let bytes = try LocalFiles.read(file, limit: TestPlan.sizeLimit)
    return try DocumentFaults.require(TestPlanReading(bytes), of: file)
  }

  /// Where the rows are that a plan names; nil where it names none.
  static func rows(of plan: TestPlan, at file: String) -> String? {
    plan.quality?.data.map { "\(folder(of: file))/\($0)" }
  }

  static func table(at path: String) throws(Problem) -> DataTable {
    let bytes = try LocalFiles.read(path, limit: 256 << 20)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return try DataTable(csv: bytes, name: name, digest: Digest(of: bytes))
  }

  private func tell(_ report: TestReport, _ measured: MeasuredLatency?, plan file: String) throws(Problem) {
    var members: [String: JSON] = ["report": report.json]
    members["measured"] = measured.map(\.json)
    let document = JSON.object(members)
    if let output { try DurableFile.write(document.canonicalBytes, to: output, mode: 0o644) }
    if json { return Console.data(document) }
    for line in report.lines(plan: file) { Console.data(line) }
    var (passed, all) = (report.results.count(where: \.isPassed), report.results.count)
    if let measured {
      Console.data(
        "\(measured.isPassed ? "passed" : "failed")  limit  p99-latency: \(measured.p99 / 1000) us of at most \(measured.limit / 1000) us"
      )
      passed += measured.isPassed ? 1 : 0
      all += 1
    }
    Console.data("\(passed) of \(all) tests passed")
  }

  private func learnPlan(from path: String) throws(Problem) {
    let text = try TestPlan.draft(learning: try Self.table(at: path), label: label)
    guard let output else { return Console.bytes(Array(text.utf8)) }
    try DurableFile.write(Array(text.utf8), to: output, mode: 0o644)
    Console.prose("a plan to begin with in \(output)")
  }

  /// The directory that a path stands in.
  static func folder(of path: String) -> String {
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)
    if !parts.isEmpty { parts.removeLast() }
    let folder = parts.joined(separator: "/")
    return path.hasPrefix("/") ? "/\(folder)" : folder.isEmpty ? "." : folder
  }

  private static func monotonic() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
