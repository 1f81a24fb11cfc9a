import ArgumentParser
import Domain
import Encoding
import Threats

/// `gatehouse threats`.
struct ThreatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "threats",
    abstract:
      "Show what threatens a version, what stands against it and what is left open, and decide on that.",
    subcommands: [Show.self, Decide.self], defaultSubcommand: Show.self)
}

extension ThreatsCommand {
  /// `gatehouse threats show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the threat model of a version.")

    @Argument(help: "NAME, which is the version in service or else the newest, NAME@VERSION or NAME@ALIAS.")
    var model: String

    @Flag(help: "As it was when the version was made.")
    var atPush = false

    @Flag(help: "Print the whole document as Markdown.")
    var markdown = false

    @Flag(help: "Print the whole document as JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      if markdown, json { throw ValidationError("choose one of --markdown and --json") }
    }

    func run() async throws {
      let wanted = try ModelReference(parsing: model)
      try await server.withClient { client in
        let reference = try await client.version(wanted)
        let path =
          "/models/\(reference.name)/versions/\(reference.version)/threat-model\(atPush ? "?at=push" : "")"
        if markdown {
          // Its own end of line is one that printing adds.
          return Console.data(String(try await client.text(path, as: "text/markdown").dropLast()))
        }
        let answer = try await client.get(path)
        if json { return Console.data(answer) }
        Console.table(rows(of: answer))
        Console.prose(ThreatsCommand.summary(answer["open"]))
      }
    }

    private func rows(of answer: JSON) -> [[String]] {
      let rows = (answer["threats"]?.array ?? []).filter { $0["state"] != "does-not-apply" }.map { row in
        let left = (row["left"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        return [
          row["id"].cell, row["name"].cell, row["severity"].cell, row["state"].cell,
          left.isEmpty ? "-" : left,
        ]
      }
      return [["THREAT", "NAME", "GRAVE", "STATE", "LEFT OPEN"]] + rows
    }
  }

  /// `gatehouse threats decide`.
  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide what becomes of a threat of a version, under the facts as they are now.",
      discussion: "The decision counts until a fact changes that the threat depends on.")

    @Argument(help: "NAME@VERSION.")
    var version: String

    @Argument(help: "The threat: 'ML05'.")
    var threat: String

    @Flag(help: "Bear it.")
    var accept = false

    @Flag(help: "Do something against it by the day that --until names.")
    var mitigate = false

    @Flag(help: "Have somebody else bear it.")
    var transfer = false

    @Option(help: "Who answers for that: 'service:ci', or what a person is called.")
    var owner: String

    @Option(help: "Why, in one line.")
    var reason: String

    @Option(help: "The last day on which the decision counts, '2027-01-31', or a time such as '90d'.")
    var until: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard choices.count == 1 else {
        throw ValidationError("choose one of --accept, --mitigate and --transfer")
      }
    }

    private var choices: [ThreatDecision.Choice] {
      [(accept, .accept), (mitigate, .mitigate), (transfer, .transfer)].compactMap { $0 ? $1 : nil }
    }

    func run() async throws {
      let reference = try VersionReference(parsing: version)
      // Found out here, so that an id that is none is no path that is none.
      let id = try ThreatID(parsing: threat)
      let answer = try await server.withClient { client in
        var body: [String: JSON] = [
          "choice": .string(choices[0].rawValue), "reason": .string(reason),
          "owner": .string(try await client.principal(owner).description),
        ]
        body["until"] = until.map { .string($0) }
        let path = "/models/\(reference.name)/versions/\(reference.version)/threats/\(id)/decision"
        return try await client.put(path, .object(body))
      }
      if json { return Console.data(answer) }
      Console.prose("\(id) of \(reference) is \(answer["threat"]?["state"].cell ?? "-")")
      Console.prose(ThreatsCommand.summary(answer["open"]))
    }
  }

  /// How many threats are open, the gravest first.
  fileprivate static func summary(_ open: JSON?) -> String {
    let counts = RiskLevel.allCases.reversed().compactMap { level -> String? in
      guard let count = open?[level.rawValue]?.int, count > 0 else { return nil }
      return "\(count) \(level.rawValue)"
    }
    return counts.isEmpty ? "no threat is open" : "open: \(counts.joined(separator: ", "))"
  }
}

extension ControlClient {
  /// The version that a reference picks: without a word of it the one in service, or else the newest.
  fileprivate func version(_ reference: ModelReference) async throws -> VersionReference {
    let name = reference.name
    if case .number(let number)? = reference.version { return VersionReference(name: name, version: number) }
    let answer = try await get("/models/\(name)")
    var found = answer["deployment"]?["version"]?.int ?? answer["versions"]?.array?.last?["version"]?.int
    if case .alias(let alias)? = reference.version {
      let named = answer["aliases"]?.array?.first { $0["alias"] == .string(alias.description) }
      found = named?["version"]?.int
    }
    guard let number = found.flatMap({ VersionNumber($0) }) else {
      throw Problem(
        .notFound, "version.unknown", "expected a version of '\(name)', found none as '\(reference)'",
        hint: "list them with 'gatehouse show \(name)'")
    }
    return VersionReference(name: name, version: number)
  }
}
