import ArgumentParser
import Domain
import Encoding
import Inspection
import Lifting
import ModelGraph
import ONNXExport
import Storage

/// `gatehouse lift`.
struct LiftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lift",
    abstract: "Turn an artifact into a model graph, pure data, without running anything of it.",
    discussion: """
      Needs no server. Writes graph.json and weights.safetensors into a directory, or with --to onnx one file that \
      other runtimes run: in double precision where the model is, so that they answer the same. What only refuses \
      rows has no form there.
      """)

  /// What the graph can be written as.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case graph
    case onnx
  }

  @Argument(help: "The artifact: a file or a directory.")
  var path: String

  @Option(help: "What to write: graph or onnx.")
  var to: Form = .graph

  @Option(help: ArgumentHelp(EngineOption.help), transform: EngineOption.parse)
  var engine: LiftEngine?

  @Option(
    name: [.customShort("o"), .customLong("output")], help: "The directory to write to; the file, for onnx.")
  var output: String

  func run() throws {
    let lifted = try OfflineModel.lift(path, engine: engine)
    if to == .onnx {
      let bytes = try ONNXWriter.model(of: lifted.graph)
      try DurableFile.write(bytes, to: output, mode: 0o644)
      return Console.prose(
        "lifted \(lifted.estimator) of \(lifted.framework) \(lifted.frameworkVersion): \(bytes.count) bytes of ONNX in \(output)"
      )
    }
    let encoded = lifted.graph.graph.encoded()
    try DataDirectory.make(output, mode: 0o755)
    try DurableFile.write(encoded.graph, to: "\(output)/graph.json", mode: 0o644)
    try DurableFile.write(encoded.weights, to: "\(output)/weights.safetensors", mode: 0o644)
    Console.prose(
      "lifted \(lifted.estimator) of \(lifted.framework) \(lifted.frameworkVersion): "
        + "\(encoded.graph.count) bytes of graph, \(encoded.weights.count) bytes of weights in \(output)"
        + (lifted.runner.map { "; runs by \($0)" } ?? ""))
  }
}

/// The option that lets a runtime of others run a model.
enum EngineOption {
  /// What the option is for.
  static let help =
    "Let this runtime run a model that our own operators cannot express: onnxruntime."

  /// Reads what was given.
  static func parse(_ text: String) throws -> LiftEngine {
    if let engine = LiftEngine(rawValue: text) { return engine }
    throw ValidationError("expected onnxruntime, found '\(text)'")
  }
}

/// Models that a command opens by itself, without a server.
enum OfflineModel {
  /// Inspects and lifts an artifact; `engine` may run what our own operators cannot.
  static func lift(_ path: String, engine: LiftEngine? = nil) throws(Problem) -> LiftedGraph {
    let report = Inspector.inspect(try LocalFiles.artifact(at: path), path: path)
    guard report.verdict == .liftable, let source = report.source else {
      let gravest = report.findings.max { $0.severity < $1.severity }
      throw Problem(
        .refused, "inspect.\(report.verdict.rawValue)",
        "expected an artifact that is understood whole, found one that is \(report.verdict.rawValue)"
          + (gravest.map { ": \($0.message)" } ?? ""),
        subject: path, position: gravest?.offset.map { "byte \($0)" }, hint: gravest?.remedy)
    }
    return try Lifter.lift(source, engine: engine)
  }
}
