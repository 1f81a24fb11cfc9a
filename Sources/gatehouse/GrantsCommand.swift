import ArgumentParser
import Domain
import Encoding

/// `gatehouse grants`.
struct GrantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grants", abstract: "Say who may do what, where, and under which conditions.",
    subcommands: [Add.self, List.self, Remove.self, History.self])

  /// `gatehouse grants add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give somebody a role or rights; nobody can give what they do not have.",
      discussion: """
        Roles: viewer, pusher, tester, approver, operator, security, admin. A grant to a word of a provider's claim is held \
        by whoever comes with a token that has it.
        """)

    @Option(help: "Who gets it: 'service:ci', or what a person is called.")
    var to: String?

    @Option(help: "The word of a provider's claim that gets it, such as 'ml-ops'; with --provider.")
    var claim: String?

    @Option(help: "The URL of the provider whose claim it is.")
    var provider: String?

    @Option(help: "A role.")
    var role: String?

    @Option(name: .customLong("right"), help: "A right instead of a role; may be repeated.")
    var rights: [String] = []

    @Option(help: "The project that it reaches; '*' stands for any characters.")
    var project = "*"

    @Option(help: "The models that it reaches; '*' stands for any characters.")
    var model = "*"

    @Option(name: .customLong("except-alias"), help: "An alias that it does not reach; may be repeated.")
    var exceptAliases: [String] = []

    @Flag(help: "It does not reach what its holder has made.")
    var othersOnly = false

    @Option(
      help: ArgumentHelp(
        "From when on it holds: a moment, or after '90d', '12h' or '30m'.", valueName: "time"))
    var from: String?

    @Option(
      help: ArgumentHelp("Until when it holds: a moment, or after '90d', '12h' or '30m'.", valueName: "time"))
    var until: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard (to == nil) != (claim == nil) else { throw ValidationError("name either --to or --claim") }
      guard (claim == nil) == (provider == nil) else {
        throw ValidationError("--claim and --provider go together")
      }
      guard (role == nil) != rights.isEmpty else {
        throw ValidationError("name either a --role or a --right")
      }
    }

    func run() async throws {
      let answer = try await server.withClient { client in
        var body: [String: JSON] = ["scope": ["projects": .string(project), "models": .string(model)]]
        if let to { body["principal"] = .string(try await client.principal(to).description) }
        body["claim"] = claim.map { .string($0) }
        body["provider"] = provider.map { .string($0) }
        body["role"] = role.map { .string($0) }
        if !rights.isEmpty { body["rights"] = .array(rights.map { .string($0) }) }
        if !exceptAliases.isEmpty { body["exceptAliases"] = .array(exceptAliases.map { .string($0) }) }
        if othersOnly { body["othersOnly"] = true }
        body["from"] = from.map { .string($0) }
        body["until"] = until.map { .string($0) }
        return try await client.post("/grants", .object(body))
      }
      if json { return Console.data(answer) }
      Console.data(answer["id"].cell)
      Console.prose(
        "granted to \(GrantsCommand.holder(answer)): \(GrantsCommand.gift(answer)), \(GrantsCommand.reach(answer))"
      )
    }
  }

  /// `gatehouse grants list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what was granted and not taken back.")

    @Option(help: "Only what this principal holds.")
    var to: String?

    @Option(help: ArgumentHelp("Only what held at a moment, by what was recorded then.", valueName: "time"))
    var at: String?

    @Option(
      help: ArgumentHelp(
        "With --at: by what was recorded at this moment instead, such as for what is yet to hold.",
        valueName: "time"))
    var recorded: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      guard recorded == nil || at != nil else { throw ValidationError("--recorded goes with --at") }
    }

    func run() async throws {
      let answer = try await server.withClient { client in
        var query: [String] = []
        if let to { query.append("principal=\(try await client.principal(to))") }
        if let at { query.append("at=\(try Timestamp(parsing: at).milliseconds)") }
        if let recorded { query.append("recorded=\(try Timestamp(parsing: recorded).milliseconds)") }
        return try await client.get("/grants?\(query.joined(separator: "&"))")
      }
      if json { return Console.data(answer) }
      let rows = (answer["grants"]?.array ?? []).map { grant in
        [
          grant["id"].cell, GrantsCommand.holder(grant), GrantsCommand.gift(grant),
          GrantsCommand.reach(grant),
          grant["from"].cell, grant["until"].cell,
        ]
      }
      guard !rows.isEmpty else {
        return Console.prose(
          at.map { "nothing held at \($0)" } ?? "nothing is granted yet: gatehouse grants add")
      }
      Console.table([["ID", "HELD BY", "GIVES", "REACHES", "FROM", "UNTIL"]] + rows)
    }
  }

  /// `gatehouse grants history`.
  struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List every change of who may do what, with its entry of the ledger.")

    @Option(help: ArgumentHelp("Only what was recorded up to a moment.", valueName: "time"))
    var until: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let query = try until.map { "?until=\(try Timestamp(parsing: $0).milliseconds)" } ?? ""
      let answer = try await server.withClient { try await $0.get("/access/history\(query)") }
      if json { return Console.data(answer) }
      let rows = (answer["moves"]?.array ?? []).map { move in
        [
          move["time"].cell, move["entry"].cell, move["by"].cell, move["change"]?["change"].cell ?? "",
          GrantsCommand.subject(of: move["change"] ?? [:]),
        ]
      }
      Console.table([["RECORDED", "ENTRY", "BY", "CHANGE", "OF"]] + rows)
    }
  }

  /// What a change of rights is about.
  private static func subject(of change: JSON) -> String {
    if let grant = change["grant"] { return "\(holder(grant)): \(gift(grant)), \(reach(grant))" }
    if let key = change["key"] { return "\(key["id"].cell) of \(key["principal"].cell)" }
    if let provider = change["provider"] { return provider["url"].cell }
    return ["principal", "id", "url", "name", "project"].compactMap { change[$0]?.string }.joined(
      separator: " ")
  }

  /// `gatehouse grants remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a grant back; it gives nothing from then on.")

    @Argument(help: "The grant's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try RecordID.check(id, "grant")
      try await server.withClient { try await $0.delete("/grants/\(id)") }
      Console.prose("grant \(id) is taken back")
    }
  }

  static func holder(_ grant: JSON) -> String {
    grant["principal"]?.string ?? "claim '\(grant["claim"].cell)' of \(grant["provider"].cell)"
  }

  static func gift(_ grant: JSON) -> String {
    grant["role"]?.string ?? (grant["rights"]?.array ?? []).compactMap(\.string).joined(separator: " ")
  }

  static func reach(_ grant: JSON) -> String {
    let (projects, models) = (grant["scope"]?["projects"].cell ?? "*", grant["scope"]?["models"].cell ?? "*")
    var text: String
    switch (projects, models) {
    case ("*", "*"): text = "everything"
    case ("*", _): text = "models \(models)"
    case (_, "*"): text = "project \(projects)"
    default: text = "models \(models) of project \(projects)"
    }
    let aliases = (grant["exceptAliases"]?.array ?? []).compactMap(\.string)
    if !aliases.isEmpty { text += " but alias \(aliases.joined(separator: ", "))" }
    if grant["othersOnly"]?.bool == true { text += " that others made" }
    return text
  }
}
