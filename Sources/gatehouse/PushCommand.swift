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
    try ShownOutcome.show(outcome, asJSON: json) { describe(outcome) }
  }

  private func push(
    _ members: [String], _ data: TrainingData, _ plan: ChosenTests?, _ reference: [UInt8]?,
    as name: ModelName, _ client: ControlClient, again: Bool = false
  ) async throws -> JSON {
    var files: [JSON] = []
    for member in members {
      let bytes = try LocalFiles.read(member.isEmpty ? path : "\(path)/\(member)")
      let digest = try await upload(bytes, member.isEmpty ? path : member, with: client, again: again)
      files.append(["path": .string(member), "digest": .string(digest.description)])
    }
    var stated: [String: JSON] = [:]
    if let plan {
      for (label, bytes) in plan.files { _ = try await upload(bytes, label, with: client, again: again) }
      stated = plan.members
    }
    var body = body(files, data, stated)
    if let reference {
      let digest = try await upload(reference, "reference", with: client, again: again)
      body["reference"] = .string(digest.description)
    }
    return try await follow(client, name, .object(body))
  }

  private func upload(
    _ bytes: [UInt8], _ label: String, with client: ControlClient, again: Bool
  ) async throws -> Digest {
    let digest = Digest(of: bytes)
    if !again, try await client.exists("/blobs/\(digest)") { return digest }
    let answer = try await client.upload("/blobs", bytes) { sent in
      Console.progress(
        "  upload    \(label): \(readable(bytes: sent)) of \(readable(bytes: bytes.count))")
    }
    Console.progress("")
    guard answer["digest"]?.string == digest.description else {
      throw Problem(
        .integrity, "upload.digest",
        "expected the server to have \(digest.short), found other bytes there",
        subject: label, hint: "push again")
    }
    return digest
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

  /// Asks for the push and shows each step; answers with the outcome as JSON.
  private func follow(_ client: ControlClient, _ name: ModelName, _ body: JSON) async throws -> JSON {
    var outcome: JSON?
    Console.prose("pushing \(path) as \(name)")
    try await client.lines("/models/\(name)/versions", body) { event in
      switch event["event"]?.string {
      case "started":
        Console.progress("  \((event["stage"]?.string ?? "").padded(to: 9)) …")
      case "finished":
        guard let report = event["report"].flatMap(StageReport.init(json:)) else { return }
        Console.progress("")
        Console.prose(
          "  \(report.stage.rawValue.padded(to: 9)) \(report.summary.padded(to: 58))"
            + " \(readable(milliseconds: report.milliseconds))")
      case "found":
        Console.progress("")
        for finding in (event["findings"]?.array ?? []).compactMap(Finding.init(json:)).prefix(20) {
          Console.prose("            \(finding.line)")
        }
      case "ended": outcome = event["outcome"]
      case "problem": throw event["problem"].flatMap(Problem.init(json:)) ?? Self.cutOff
      default: break
      }
    }
    guard let outcome else { throw Self.cutOff }
    return outcome
  }

  private func describe(_ outcome: JSON) {
    guard let url = outcome["url"]?.string else { return }
    Console.data("url  \(url)")
    let key = outcome["key"]?.string
    if let key { Console.data("key  \(key)  (shown this once)") }
    let row = Array(repeating: "0", count: outcome["featureCount"]?.int ?? 0).joined(separator: ", ")
    if !row.isEmpty {
      Console.data(
        "try  curl -H 'Authorization: Bearer \(key ?? "KEY")' -d '{\"data\": [\(row)]}' \(url)")
    }
    if key == nil { Console.prose("for another key: gatehouse keys create --deployment \(name)") }
  }

  private static let cutOff = Problem(
    .unavailable, "push.cut-off", "expected the push to end, found the connection closed before",
    hint: "push again: what was finished is not done twice")
}

extension Finding {
  /// The finding on one line.
  var line: String {
    let place = [member.isEmpty ? nil : member, offset.map { "byte \($0)" }, opcode].compactMap { $0 }
    return "\(severity.rawValue) \(rule)" + (place.isEmpty ? "" : " at \(place.joined(separator: ", "))")
      + ": \(message)"
  }
}
