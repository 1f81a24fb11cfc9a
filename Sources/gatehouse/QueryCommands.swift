import ArgumentParser
import Domain
import Encoding

/// `gatehouse models`.
struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the models, their newest versions and what is served.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let answer = try await server.withClient { try await $0.get("/models") }
    if json { return Console.data(answer) }
    let rows = (answer["models"]?.array ?? []).map { model in
      ["name", "latest", "serving", "framework", "url"].map { model[$0].cell }
    }
    guard !rows.isEmpty else { return Console.prose("no models yet: gatehouse push PATH --name NAME") }
    Console.table([["NAME", "LATEST", "SERVING", "FRAMEWORK", "URL"]] + rows)
  }
}

/// `gatehouse show`.
struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a model with its versions, or one of its versions.")

  @Argument(help: "NAME, NAME@VERSION or NAME@ALIAS.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "What served at this moment, from which bytes, who pushed it, who agreed, under which policy: RFC 3339 in UTC.",
      valueName: "time"))
  var at: String?

  @Flag(help: "With --at and --json: with a proof of each step, which 'gatehouse audit check' verifies.")
  var prove = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let reference = try ModelReference(parsing: model)
    let name = reference.name
    if let at { return try await account(of: reference, at: try Timestamp(parsing: at)) }
    var answer = try await server.withClient { try await $0.get("/models/\(name)") }
    let aliases = answer["aliases"]?.array ?? []
    let images = answer["images"]?.array ?? []
    if let selector = reference.version { answer = try version(selector, of: answer) }
    if json { return Console.data(answer) }
    if reference.version != nil { return describe(answer, aliases, images) }
    let served = answer["deployment"]?["version"]
    for version in answer["versions"]?.array ?? [] {
      describe(version, aliases, images)
      if version["version"] == served {
        Console.data("served      \(answer["deployment"]?["url"].cell ?? "")")
      }
      Console.data("")
    }
    let keys = (answer["keys"]?.array ?? []).filter { $0["revokedAt"] == .null }
    Console.data("keys        \(keys.map { $0["id"].cell }.joined(separator: ", "))")
  }

  private func account(of reference: ModelReference, at moment: Timestamp) async throws {
    guard reference.version == nil else {
      throw Problem(
        .usage, "show.moment", "expected the name of a model with --at, found '\(reference)'",
        hint: "which version it was, is what --at answers")
    }
    let answer = try await server.withClient { client in
      var answer = try await client.get("/models/\(reference.name)/account?at=\(moment.milliseconds)")
      guard prove, var members = answer.object else { return answer }
      var steps: [JSON] = []
      for step in members["steps"]?.array ?? [] {
        guard let entry = step["entry"]?.int, var proved = step.object else { continue }
        proved["proof"] = .string(try await client.text("/ledger/\(entry)/proof"))
        steps.append(.object(proved))
      }
      members["steps"] = .array(steps)
      answer = .object(members)
      return answer
    }
    if json { return Console.data(answer) }
    guard let served = answer["served"], served != .null else {
      return Console.prose("nothing served under '\(reference.name)' at \(moment)")
    }
    Console.data("served      \(reference.name)@\(served["version"].cell) since \(served["since"].cell)")
    Console.data("bundle      \(served["digest"].cell)")
    for (member, label) in [("artifact", "artifact"), ("framework", "framework"), ("pushedBy", "pushed by")] {
      Console.data("\(label.padded(to: 11)) \(answer["version"]?[member].cell ?? "-")")
    }
    Console.data("image       \(answer["image"].cell)")
    Console.data(
      "policy      \(answer["policyName"].cell) \((served["policy"] ?? .null) == .null ? (answer["version"]?["policy"].cell ?? "-") : served["policy"].cell)"
    )
    for alias in answer["aliases"]?.array ?? [] {
      Console.data("alias       \(alias["alias"].cell) named version \(alias["version"].cell)")
    }
    for step in answer["steps"]?.array ?? [] {
      let said = step["given"]?.bool.map { $0 ? " yes" : " no" } ?? ""
      Console.data(
        "\((step["act"].cell + said).padded(to: 11)) \(step["time"].cell) by \(step["principal"].cell), entry \(step["entry"].cell)"
      )
    }
    Console.prose("prove any of them: gatehouse audit prove ENTRY")
  }

  private func version(_ selector: VersionSelector, of answer: JSON) throws(Problem) -> JSON {
    let versions = answer["versions"]?.array ?? []
    let aliases = answer["aliases"]?.array ?? []
    let number = selector.number(in: answer)
    guard let number, let version = versions.first(where: { $0["version"]?.int == number }) else {
      let known = versions.map { $0["version"].cell } + aliases.map { $0["alias"].cell }
      throw Problem(
        .notFound, "version.unknown",
        "expected a version among \(known.joined(separator: ", ")), found \(selector)",
        subject: answer["name"]?.string)
    }
    return version
  }

  private func describe(_ version: JSON, _ aliases: [JSON], _ images: [JSON]) {
    Console.data("\(version["name"].cell)@\(version["version"].cell)")
    for member in ["framework", "digest", "artifact", "policy", "pushedBy", "admittedAt"] {
      Console.data("\(member.padded(to: 11)) \(version[member].cell)")
    }
    for data in version["trainingData"]?.array ?? [] {
      Console.data("trained on  \(data["digest"].cell) \(data["name"].cell)")
    }
    if let image = images.last(where: { $0["version"] == version["version"] }) {
      Console.data("image       \(image["image"].cell)")
    }
    if let promotion = version["promotion"] {
      Console.data(
        "promoted    from \(promotion["from"].cell), where it is \(promotion["source"].cell), by the key"
          + " \(promotion["key"].cell.prefix(16))")
    }
    if version["revokedAt"] != nil {
      Console.data("revoked     \(version["revokedAt"].cell): \(version["revokedFor"].cell)")
    }
    let names = aliases.filter { $0["version"] == version["version"] }.map { $0["alias"].cell }
    if !names.isEmpty { Console.data("aliases     \(names.joined(separator: ", "))") }
  }
}

/// `gatehouse history`.
struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Tell from the ledger which version served when, and what its aliases named.")

  @Argument(help: "The model's name.")
  var name: String

  @Option(help: "Only what served at this moment: RFC 3339 in UTC, such as 2026-11-21T09:30:00Z.")
  var at: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let name = try ModelName(parsing: name)
    let moment = try at.map { (text) throws(Problem) in try Timestamp(parsing: text) }
    let query = moment.map { "?at=\($0.milliseconds)" } ?? ""
    let answer = try await server.withClient { try await $0.get("/models/\(name)/history\(query)") }
    if json { return Console.data(answer) }
    let moves = (answer["served"]?.array ?? []) + (answer["aliases"]?.array ?? [])
    let rows = moves.sorted { ($0["entry"]?.int ?? 0) < ($1["entry"]?.int ?? 0) }.map { move in
      [move["since"].cell, move["alias"]?.string ?? "live"]
        + ["version", "digest", "principal", "entry"].map { move[$0].cell }
    }
    guard !rows.isEmpty else { return Console.prose("nothing was served under that name then") }
    Console.table([["SINCE", "AS", "VERSION", "DIGEST", "BY", "ENTRY"]] + rows)
  }
}

extension VersionSelector {
  /// The number of the version that is meant of a model, as the server shows it; nil for an alias that it has not.
  func number(in model: JSON) -> Int? {
    switch self {
    case .number(let version): version.value
    case .alias(let alias):
      (model["aliases"]?.array ?? []).first { $0["alias"]?.string == alias.description }?["version"]?.int
    }
  }
}

extension JSON? {
  /// The value as a cell of a table.
  var cell: String {
    switch self {
    case .string(let text)?: text
    case .null?, nil: "-"
    case let value?: value.canonicalText
    }
  }
}
