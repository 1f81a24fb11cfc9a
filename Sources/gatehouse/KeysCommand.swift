import ArgumentParser
import Domain
import Encoding

/// `gatehouse keys`.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Make, list and revoke the keys that callers of a deployment present.",
    subcommands: [Create.self, List.self, Revoke.self])

  /// `gatehouse keys create`.
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key; it is shown this once.")

    @Option(help: "The deployment that it opens.")
    var deployment: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: deployment)
      let answer = try await server.withClient { try await $0.post("/deployments/\(name)/keys") }
      if json { return Console.data(answer) }
      Console.data(answer["key"].cell)
      Console.prose("key \(answer["id"].cell) opens \(name); it is shown this once")
    }
  }

  /// `gatehouse keys list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys of a deployment, never the keys themselves.")

    @Option(help: "The deployment.")
    var deployment: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: deployment)
      let answer = try await server.withClient { try await $0.get("/deployments/\(name)/keys") }
      if json { return Console.data(answer) }
      let rows = (answer["keys"]?.array ?? []).map { key in
        ["id", "createdAt", "revokedAt"].map { key[$0].cell }
      }
      Console.table([["ID", "CREATED", "REVOKED"]] + rows)
    }
  }

  /// `gatehouse keys revoke`.
  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke a key; it opens nothing from then on.")

    @Argument(help: "The key's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      guard id.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 }), !id.isEmpty else {
        throw Problem(.badInput, "key.unknown", "expected the id of a key, found '\(id.prefix(80))'")
      }
      try await server.withClient { try await $0.delete("/keys/\(id)") }
      Console.prose("revoked \(id)")
    }
  }
}
