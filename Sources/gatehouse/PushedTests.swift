import ArgumentParser
import Domain
import Encoding
import Lifecycle
import ModelTests
import Provenance

/// Which tests a push brings along.
struct PushedTestOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The plan of tests that the model is held against (default: gatehouse.tests.yaml beside it, where there is one). Plan"
        + " and rows are sent and kept with the version.", valueName: "file"))
  var tests: String?

  @Option(
    help: ArgumentHelp(
      "Rows with their labels, as CSV, for the plan's 'quality' (default: what the plan names, beside it).",
      valueName: "file"))
  var testData: String?

  @Option(
    help:
      "The column that the model predicts: where there is no plan, one is inferred from the first CSV file of --training-data."
  )
  var label: String?

  @Option(name: .customLong("test-seed"), help: "Where chance begins in the tests (default: the plan's).")
  var seed: UInt64?

  @Flag(name: .customLong("no-tests"), help: "Leave a plan beside the model aside.")
  var isWithoutTests = false

  /// The tests of a push of the artifact at `path`; nil for none.
  ///
  /// Tells all faults of a plan at once, and ends with 2.
  func chosen(for path: String, _ trainingData: [String]) throws -> ChosenTests? {
    guard !isWithoutTests else { return nil }
    let beside = "\(TestCommand.folder(of: path))/\(TestPlan.fileName)"
    let file = tests ?? (LocalFiles.kind(of: beside).isFile ? beside : nil)
    if let label {
      guard let file else { return try inferred(from: trainingData, label) }
      throw Problem(
        .usage, "push.plan-and-label",
        "expected no --label beside a plan, found one and \(file.excerpt(200))",
        hint: "leave it out, or leave the plan aside with --tests and another file")
    }
    guard let file else {
      guard testData == nil, seed == nil else {
        throw Problem(
          .usage, "push.no-plan", "expected a plan of tests for '--test-data' or '--test-seed', found none",
          hint: "name one with --tests")
      }
      return nil
    }
    let plan = try TestCommand.plan(at: file)
    Console.prose("  tests     \(file)")
    let rows = testData ?? TestCommand.rows(of: plan, at: file)
    guard plan.quality != nil || plan.schema != nil, let rows else {
      return ChosenTests(plan: plan.bytes, file: file, seed: seed)
    }
    let bytes = try LocalFiles.read(rows, limit: 64 << 20)
    return ChosenTests(
      plan: plan.bytes, file: file, rows: (rows.split(separator: "/").last.map(String.init) ?? rows, bytes),
      seed: seed)
  }

  private func inferred(from trainingData: [String], _ label: String) throws(Problem) -> ChosenTests {
    guard let file = trainingData.first(where: { $0.lowercased().hasSuffix(".csv") }) else {
      throw Problem(
        .usage, "push.no-plan", "expected a CSV file among --training-data to infer tests from, found none",
        hint: "name a plan with --tests, or leave --label out")
    }
    let plan = try TestPlan.inferred(from: try TestCommand.table(at: file), label: label)
    Console.prose("  tests     inferred from \(file)")
    return ChosenTests(plan: plan, file: TestPlan.fileName, seed: seed)
  }
}

/// A plan, and what it is held against, on their way.
struct ChosenTests {
  let plan: [UInt8]
  /// What the plan is called while it is sent.
  let file: String
  /// The rows, by their name.
  var rows: (name: String, bytes: [UInt8])?
  let seed: UInt64?

  /// What has to be there before the push.
  var files: [(label: String, bytes: [UInt8])] {
    [(file, plan)] + (rows.map { [($0.name, $0.bytes)] } ?? [])
  }

  /// The member `tests` of a push.
  var members: [String: JSON] {
    var members: [String: JSON] = ["plan": .string(Digest(of: plan).description)]
    members["data"] = rows.map {
      ["name": .string($0.name), "digest": .string(Digest(of: $0.bytes).description)]
    }
    members["seed"] = seed.map { .string(String($0)) }
    return members
  }
}
