import ArgumentParser
import Domain
import Encoding
import Engines
import Inference
import Lifting
import ModelGraph
import Provenance
import Serving
import Storage

/// `gatehouse predict`.
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predict for the rows of a file, on this machine, without a server.",
    discussion: """
      The model is a name that is served from the data directory, a bundle (its seal is verified with --key, or \
      with the platform's own), or an artifact, which is inspected and lifted first.
      """)

  @Argument(
    help: "A served model's name (or NAME@VERSION, NAME@ALIAS), a bundle's directory, or an artifact.")
  var model: String

  @Option(help: "The rows: a .npy, .csv or .json file.")
  var input: String

  @Option(help: "Write a .npy file with the result's own datatype and shape; without it, JSON is printed.")
  var output: String?

  @Option(help: "predict, predict_proba, decision_function or transform (default: the model's first).")
  var method: String?

  @Option(help: "The public key that a bundle must be sealed with (default: the platform's).")
  var key: String?

  @Option(help: ArgumentHelp(EngineOption.help), transform: EngineOption.parse)
  var engine: LiftEngine?

  @OptionGroup var data: DataOption

  func run() async throws {
    let plan = try await plan()
    let rows = try RowsFile.read(input, for: plan.signature)
    let method = try chosenMethod(plan.signature)
    guard let result = try await plan.run([method], on: rows, threads: Processors.count)[method] else {
      throw Problem(.internal, "predict.no-result", "expected a result for \(method.rawValue), found none")
    }
    if let output {
      try DurableFile.write(try NumPyResult.file(of: result), to: output, mode: 0o644)
      Console.prose("\(method.rawValue) of \(rows.rowCount) rows in \(output)")
    } else {
      Console.data(String(decoding: ResultText.write(result, isSingleRow: false), as: UTF8.self))
    }
  }

  private func chosenMethod(_ signature: ModelSignature) throws(Problem) -> PredictionMethod {
    guard let name = method else { return signature.methods.first ?? .predict }
    if let method = PredictionMethod(rawValue: name), signature.methods.contains(method) { return method }
    throw Problem(
      .usage, "predict.no-such-method",
      "expected one of \(signature.methods.map(\.rawValue).joined(separator: ", ")), found '\(name)'")
  }

  /// What stands at the path decides; a plain name that is no path is a served model.
  private func plan() async throws -> ExecutionPlan {
    switch LocalFiles.kind(of: model) {
    case .directory where LocalFiles.kind(of: "\(model)/\(Manifest.path)").isFile:
      return try bundle(at: model)
    case .missing:
      guard let reference = try? ModelReference(parsing: model) else { break }
      let key = try KeyFiles.ledgerVerificationKey(at: "\(data.directory.keys)/ledger.pub")
      let registry = try SQLiteRegistry(reading: data.directory.registry, trusting: key)
      guard let digest = try await digest(of: reference, in: registry) else { break }
      return try bundle(at: DirectoryBundleStore(reading: data.directory.bundles).path(of: digest))
    default: break
    }
    let lifted = try OfflineModel.lift(model, engine: engine)
    if let runner = lifted.runner { Console.prose("runs by \(runner)") }
    return try ExecutionPlan(lifted.graph, engine: ONNXRuntimeEngine.installed())
  }

  /// The bundle of a model's live version, or of the version that a number or an alias names.
  private func digest(of reference: ModelReference, in registry: SQLiteRegistry) async throws -> Digest? {
    let name = reference.name
    switch reference.version {
    case nil: return try await registry.deployments().first { $0.name == name }?.bundle
    case .alias(let alias)?:
      return try await registry.aliases().first { $0.model == name && $0.name == alias }?.bundle
    case .number(let version)?:
      return try await registry.versions(of: name).first { $0.reference.version == version }?.bundle
    }
  }

  private func bundle(at path: String) throws(Problem) -> ExecutionPlan {
    let trusted = try KeyFiles.sealVerificationKey(at: key ?? "\(data.directory.keys)/seal.pub.pem")
    return try BundleLoader(trusting: [trusted], engine: ONNXRuntimeEngine.installed()).load(path: path).plan
  }
}
