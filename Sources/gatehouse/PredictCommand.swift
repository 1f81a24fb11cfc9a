import ArgumentParser
import Domain
import Encoding
import Inference
import Lifting
import ModelGraph
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
    let plan = try await LocalModel.load(model, key: key, engine: engine, data.directory).plan
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
}
