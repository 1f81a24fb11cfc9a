import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Lifting
import Provenance

/// `gatehouse push`.
struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push",
    abstract: "Take a model down the whole road: inspect, lift, gate, sign, roll out.",
    discussion: """
      Each step is shown as it happens. Exit status: 0 live, 3 refused (the reason names rule, byte and \
      opcode), 4 admitted but waiting.
      """)

  @Argument(help: "The artifact: a file, or a directory with one model in it.")
  var path: String

  @Option(help: "The model's name; predictions are answered under it.")
  var name: String

  @OptionGroup var facts: FactOptions

  @Option(help: "The project that a new model belongs to (default: 'default').")
  var project: String?

  @Flag(help: "Print one JSON document on standard output.")
  var json = false

  @Option(help: ArgumentHelp(EngineOption.help), transform: EngineOption.parse)
  var engine: LiftEngine?

  @Option(
    name: .customLong("training-data"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "What the model was trained with: files, or directories of them. They are not sent; their digests become part of"
        + " the version and of its bill of materials, and what the columns of the first CSV file look like is what live"
        + " data are held against.", valueName: "path"))
  var trainingData: [String] = []

  @OptionGroup var tests: PushedTestOptions

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let members = try LocalFiles.members(of: path)
    let plan = try tests.chosen(for: path, trainingData)
    let data = try LocalTrainingData.stated(trainingData)
    let reference = TrainingReference.made(
      of: trainingData, for: path, engine: engine, leaving: tests.label)
    let outcome = try await server.withClient { client in
      do {
        return try await push(members, data, plan, reference, as: name, client)
      } catch let problem as Problem where ["blob.corrupt", "blob.missing"].contains(problem.code) {
        // The server has lost what it said it had: sending the bytes again mends that.
        Console.prose("sending the bytes again: \(problem.message)")
        return try await push(members, data, plan, reference, as: name, client, again: true)
      }
    }
    try ShownOutcome.show(outcome, asJSON: json) { Pushing.describe(outcome, as: name) }
  }

  private func push(
    _ members: [String], _ data: TrainingData, _ plan: ChosenTests?, _ reference: [UInt8]?,
    as name: ModelName, _ client: ControlClient, again: Bool = false
  ) async throws -> JSON {
    let pushing = Pushing(client: client, name: name)
    var files: [JSON] = []
    for member in members {
      let bytes = try LocalFiles.read(member.isEmpty ? path : "\(path)/\(member)")
      let digest = try await pushing.upload(bytes, member.isEmpty ? path : member, again: again)
      files.append(["path": .string(member), "digest": .string(digest.description)])
    }
    var stated: [String: JSON] = [:]
    if let plan {
      for (label, bytes) in plan.files { _ = try await pushing.upload(bytes, label, again: again) }
      stated = plan.members
    }
    var body = body(files, data, stated)
    if let reference {
      let digest = try await pushing.upload(reference, "reference", again: again)
      body["reference"] = .string(digest.description)
    }
    Console.prose("pushing \(path) as \(name)")
    return try await pushing.follow(.object(body))
  }

  private func body(_ files: [JSON], _ data: TrainingData, _ tests: [String: JSON])
    -> [String: JSON]
  {
    var members: [String: JSON] = ["files": .array(files), "trainingData": data.json]
    if !tests.isEmpty { members["tests"] = .object(tests) }
    if !facts.members.isEmpty { members["facts"] = .object(facts.members) }
    members["project"] = project.map { .string($0) }
    if let engine { members["engine"] = .string(engine.rawValue) }
    return members
  }
}
