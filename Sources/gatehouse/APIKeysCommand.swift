import ArgumentParser
import Domain
import Encoding

/// `gatehouse api-keys`.
struct APIKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "api-keys",
    abstract: "Make, list, rotate and revoke the keys with which principals ask the control plane.",
    subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

  /// `gatehouse api-keys create`.
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key; it is shown this once, and can do no more than its principal may.")

    @Option(
      name: .customLong("for"),
      help: "Whose it is: 'service:ci', or what a person is called (default: one's own).")
    var owner: String?

    @Option(
      name: .customLong("right"),
      help: "A right that it has of its principal's; may be repeated (default: all).")
    var rights: [String] = []

    @Option(help: "The project that it reaches; '*' stands for any characters.")
    var project: String?

    @Option(help: "The models that it reaches; '*' stands for any characters.")
    var model: String?

    @Option(
      help: ArgumentHelp(
        "When it ends: after '90d', '12h' or '30m', or at '2027-01-01T00:00:00Z'.", valueName: "time"))
    var expires: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { client in
        var body: [String: JSON] = [:]
        if let owner { body["principal"] = .string(try await client.principal(owner).description) }
        if !rights.isEmpty { body["rights"] = .array(rights.map { .string($0) }) }
        body["projects"] = project.map { .string($0) }
        body["models"] = model.map { .string($0) }
        body["expires"] = expires.map { .string($0) }
        return try await client.post("/api-keys", .object(body))
      }
      if json { return Console.data(answer) }
      Console.data(answer["key"].cell)
      Console.prose("key \(answer["id"].cell); it is shown this once")
    }
  }

  /// `gatehouse api-keys list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List one's own keys, or everybody's for who may manage access; never the keys themselves.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/api-keys") }
      if json { return Console.data(answer) }
      let rows = (answer["apiKeys"]?.array ?? []).map { key in
        let rights = (key["rights"]?.array ?? []).compactMap(\.string).joined(separator: " ")
        return [
          key["id"].cell, key["principal"].cell, rights.isEmpty ? "all" : rights, GrantsCommand.reach(key),
        ]
          + ["createdAt", "expiresAt", "lastUse", "replaces"].map { key[$0].cell }
      }
      guard !rows.isEmpty else {
        return Console.prose("no keys yet: gatehouse api-keys create --for service:NAME")
      }
      Console.table(
        [["ID", "OF", "RIGHTS", "REACHES", "CREATED", "EXPIRES", "LAST USE", "REPLACES"]] + rows)
    }
  }

  /// `gatehouse api-keys rotate`.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key in the place of another, which goes on for a while.")

    @Argument(help: "The key's id.")
    var id: String

    @Option(
      help: ArgumentHelp(
        "For how long the former key goes on: '7d', '12h', '30m', or '0m'.", valueName: "time"))
    var overlap = "1d"

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try RecordID.check(id, "api-key")
      let start = Timestamp(milliseconds: 0)
      let seconds = try KeyTerms.moment(parsing: overlap, from: start).milliseconds / 1000
      let answer = try await server.withClient {
        try await $0.post("/api-keys/\(id)/rotate", ["overlapSeconds": .integer(seconds)])
      }
      if json { return Console.data(answer) }
      Console.data(answer["key"].cell)
      Console.prose(
        "key \(answer["id"].cell) in the place of \(id), which goes on for \(overlap); it is shown this once")
    }
  }

  /// `gatehouse api-keys revoke`.
  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a key; it opens nothing from then on.")

    @Argument(help: "The key's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try RecordID.check(id, "api-key")
      try await server.withClient { try await $0.delete("/api-keys/\(id)") }
      Console.prose("key \(id) has ended")
    }
  }
}
