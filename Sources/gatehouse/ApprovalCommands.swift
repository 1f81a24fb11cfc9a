import ArgumentParser
import Domain
import Encoding

/// `gatehouse approve`.
struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Say yes to a version; it comes into service when the last yes is in.",
    discussion: "Exit status: 0 it is live, 4 it waits for others still.")

  @Argument(help: "NAME@VERSION.")
  var version: String

  @Option(help: "Why, in one line.")
  var reason: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws { try await say(true, reason) }
}

/// `gatehouse refuse`.
struct RefuseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refuse", abstract: "Say no to a version; it does not come into service by itself any more.")

  @Argument(help: "NAME@VERSION.")
  var version: String

  @Option(help: "Why, in one line.")
  var reason: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws { try await say(false, reason) }
}

/// A command that says yes or no to a version.
private protocol ApprovalSaying {
  var version: String { get }
  var json: Bool { get }
  var server: ServerOptions { get }
}

extension ApproveCommand: ApprovalSaying {}
extension RefuseCommand: ApprovalSaying {}

extension ApprovalSaying {
  fileprivate func say(_ isGiven: Bool, _ reason: String?) async throws {
    let reference = try VersionReference(parsing: version)
    var body: [String: JSON] = ["given": .bool(isGiven)]
    body["reason"] = reason.map { .string($0) }
    let wish = JSON.object(body)
    let answer = try await server.withClient {
      try await $0.post("/models/\(reference.name)/versions/\(reference.version)/approvals", wish)
    }
    if json { Console.data(answer) } else { Console.prose(answer["message"].cell) }
    if answer["status"] == "waiting" { throw CommandEnd(exitCode: 4) }
  }
}

/// `gatehouse waiting`.
struct WaitingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waiting",
    abstract: "List the versions and deployments that wait for people or for a time, and who or what ends it."
  )

  @Flag(help: "Only those that whoever asks may say yes to.")
  var mine = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let answer = try await server.withClient { try await $0.get("/waiting") }
    let rows = (answer["waiting"]?.array ?? []).filter { !mine || $0["mayApprove"] == true }
    let deployments = (answer["deployments"]?.array ?? []).filter { !mine || $0["mayApprove"] == true }
    if json {
      return Console.data(["waiting": .array(rows), "deployments": .array(deployments)])
    }
    guard !rows.isEmpty || !deployments.isEmpty else { return Console.prose("nothing waits") }
    for row in rows {
      Console.data("\(row["version"].cell)  since \(row["since"].cell), asked for by \(row["asker"].cell)")
      for reason in row["reasons"]?.array ?? [] { Console.data("  why      \(Optional(reason).cell)") }
      Console.data("  ask      \(Self.approvers(row))")
    }
    for deployment in deployments { show(deployment) }
  }

  /// What a deployment of a file waits for.
  private func show(_ deployment: JSON) {
    Console.data(
      "deployment \(deployment["deployment"].cell)  as applied at \(deployment["since"].cell) by \(deployment["by"].cell)"
    )
    if let step = deployment["step"]?.string { Console.data("  next     \(step)") }
    let reasons = (deployment["reasons"]?.array ?? []).compactMap(\.string)
    for reason in reasons.isEmpty ? [deployment["message"].cell] : reasons {
      Console.data("  why      \(reason)")
    }
    for end in deployment["ends"]?.array ?? [] { Console.data("  ends by  \(Optional(end).cell)") }
    if deployment["versions"]?.array?.isEmpty == false {
      Console.data("  ask      \(Self.approvers(deployment))")
    }
  }

  /// Whom to ask, one after another.
  static func approvers(_ json: JSON) -> String {
    let names = (json["approvers"]?.array ?? []).map { holder in
      holder["name"]?.string ?? holder["principal"]?.string
        ?? "whoever has '\(holder["claim"].cell)' of \(holder["provider"].cell)"
    }
    return names.isEmpty ? "nobody has the right to approve it yet" : names.joined(separator: ", ")
  }
}

/// `gatehouse facts`.
struct FactsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "facts",
    abstract: "Say what policies and threat models go by: whose a model is, its data class and its exposure.")

  @Argument(help: "The model.")
  var name: String

  @OptionGroup var wish: FactOptions

  @Option(help: "Who answers for it: 'service:ci', or what a person is called.")
  var owner: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let model = try ModelName(parsing: name)
    let answer = try await server.withClient { client in
      var body = wish.members
      if let owner { body["owner"] = .string(try await client.principal(owner).description) }
      if body.isEmpty { return try await client.get("/models/\(model)/facts") }
      return try await client.put("/models/\(model)/facts", .object(body))
    }
    if json { return Console.data(answer) }
    for (member, label) in [("owner", "owner"), ("dataClass", "data class"), ("exposure", "exposure")] {
      Console.data("\(label.padded(to: 11)) \(answer[member].cell)")
    }
  }
}

/// What is said of a model.
struct FactOptions: ParsableArguments {
  @Option(help: "How sensitive its data is: public, internal, gold or platinum.")
  var dataClass: String?

  @Option(help: "Who can reach it: internal or external.")
  var exposure: String?

  /// As a body has them.
  var members: [String: JSON] {
    var members: [String: JSON] = [:]
    members["dataClass"] = dataClass.map { .string($0) }
    members["exposure"] = exposure.map { .string($0) }
    return members
  }
}
