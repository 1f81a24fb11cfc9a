import ArgumentParser
import Artifacts
import Domain
import Encoding
import Inference
import Lifting
import ModelGraph
import Provenance
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

  @Argument(help: "A served model's name, a bundle's directory, or an artifact.")
  var model: String

  @Option(help: "The rows: a .npy, .csv or .json file.")
  var input: String

  @Option(help: "Write a .npy file with the result's own datatype and shape; without it, JSON is printed.")
  var output: String?

  @Option(help: "predict, predict_proba, decision_function or transform (default: the model's first).")
  var method: String?

  @Option(help: "The public key that a bundle must be sealed with (default: the platform's).")
  var key: String?

  @OptionGroup var data: DataOption

  func run() async throws {
    let plan = ExecutionPlan(try await graph())
    let rows = try RowsFile.read(input, for: plan.signature)
    let method = try chosenMethod(plan.signature)
    guard let result = try plan.run([method], on: rows)[method] else {
      throw Problem(.internal, "predict.no-result", "expected a result for \(method.rawValue), found none")
    }
    if let output {
      try DurableFile.write(try NumPyResult.file(of: result), to: output, mode: 0o644)
      Console.prose("\(method.rawValue) of \(rows.rowCount) rows in \(output)")
    } else {
      Console.data(["method": .string(method.rawValue), "result": result.json])
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
  private func graph() async throws -> ValidatedGraph {
    switch LocalFiles.kind(of: model) {
    case .directory where LocalFiles.kind(of: "\(model)/\(Manifest.path)").isFile:
      return try bundle(at: model)
    case .missing:
      guard let name = try? ModelName(parsing: model) else { break }
      let registry = try SQLiteRegistry(reading: data.directory.registry)
      guard let deployment = try await registry.deployments().first(where: { $0.name == name }) else { break }
      let bundles = try DirectoryBundleStore(reading: data.directory.path)
      return try bundle(at: bundles.path(of: deployment.bundle))
    default: break
    }
    return try OfflineModel.lift(model).graph
  }

  private func bundle(at path: String) throws -> ValidatedGraph {
    let trusted =
      try key.map { (path) throws(Problem) in
        try SealVerificationKey(pem: String(decoding: LocalFiles.read(path, limit: 65_536), as: UTF8.self))
      } ?? KeyFiles(opening: data.directory.path).sealVerificationKey
    var files: [String: [UInt8]] = [:]
    for member in try LocalFiles.members(of: path) { files[member] = try LocalFiles.read("\(path)/\(member)") }
    let seal = files.removeValue(forKey: SealedBundle.sealPath) ?? []
    _ = try SealVerifier.verify(seal: seal, files: files.mapValues { Digest(of: $0) }, trusting: [trusted])
    return try ValidatedGraph(
      ModelGraph(decoding: files["graph.json"] ?? [], weights: files["weights.safetensors"] ?? []))
  }
}
