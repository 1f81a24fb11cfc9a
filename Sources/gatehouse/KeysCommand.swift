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

    @OptionGroup var limits: LimitOptions

    @Option(
      help: ArgumentHelp(
        "When it stops to open anything: after '90d', '12h' or '30m', or at '2027-01-01T00:00:00Z'.",
        valueName: "time"))
    var expires: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: deployment)
      var body: [String: JSON] = [:]
      body["limits"] = try limits.parsed().json
      body["expires"] = expires.map { .string($0) }
      let terms = JSON.object(body)
      let answer = try await server.withClient { try await $0.post("/deployments/\(name)/keys", terms) }
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
        let limits = key["limits"] ?? .null
        return ["id", "createdAt"].map { key[$0].cell }
          + ["rate", "burst", "daily"].map { limits[$0].cell }
          + ["expiresAt", "revokedAt"].map { key[$0].cell }
      }
      Console.table([["ID", "CREATED", "RATE/S", "BURST", "DAILY", "EXPIRES", "REVOKED"]] + rows)
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

/// How much a caller may ask, as options.
struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The most requests a second in the long run, such as 50/s.", valueName: "n/s"))
  var rate: String?

  @Option(
    help: ArgumentHelp(
      "The most requests at once after a pause (default: the requests of one second).", valueName: "n"))
  var burst: Int?

  @Option(help: ArgumentHelp("The most requests a day, from midnight to midnight in UTC.", valueName: "n"))
  var daily: Int?

  func parsed() throws(Problem) -> CallerLimits {
    guard let rate else { return try CallerLimits(rate: nil, burst: burst, daily: daily) }
    guard let number = Int(rate.hasSuffix("/s") ? rate.dropLast(2) : rate[...]) else {
      throw Problem(
        .usage, "limits.malformed", "expected a rate such as '50/s', found '\(rate.excerpt(40))'")
    }
    return try CallerLimits(rate: number, burst: burst, daily: daily)
  }
}
