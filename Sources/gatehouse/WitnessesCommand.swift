import ArgumentParser
import Domain
import Encoding

/// `gatehouse witnesses`.
struct WitnessesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "witnesses",
    abstract:
      "Say who cosigns checkpoints of the ledger: programs of others that remember what they saw of it.",
    subcommands: [Add.self, List.self, Remove.self])

  /// `gatehouse witnesses add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a witness cosign checkpoints from now on (C2SP tlog-witness).",
      discussion: "Whose witness it is has to be given the key in keys/ledger.pub first.")

    @Argument(help: "Its public key, NAME+ID+BASE64.")
    var key: String

    @Argument(
      help: "Where it is asked: an https URL, or plain http to this machine, before '/add-checkpoint'.")
    var url: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let wish: JSON = ["key": .string(key), "url": .string(url)]
      let answer = try await server.withClient { try await $0.post("/witnesses", wish) }
      if json { return Console.data(answer) }
      Console.data(answer["name"].cell)
      Console.prose("asked within seconds of each act; see 'gatehouse audit witnesses'")
    }
  }

  /// `gatehouse witnesses list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the witnesses.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/witnesses") }
      if json { return Console.data(answer) }
      let rows = (answer["witnesses"]?.array ?? []).map { witness in
        ["name", "url", "since"].map { witness[$0].cell }
      }
      guard !rows.isEmpty else { return Console.prose("no witnesses yet: gatehouse witnesses add") }
      Console.table([["NAME", "URL", "SINCE"]] + rows)
    }
  }

  /// `gatehouse witnesses remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask a witness no more, and erase its cosignatures and its alarm.")

    @Argument(help: "The witness's name.")
    var name: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
      let escaped = name.utf8.map { byte in
        allowed.contains(byte) ? String(UnicodeScalar(byte)) : "%\(Hexadecimal.encode([byte]))"
      }.joined()
      try await server.withClient { try await $0.delete("/witnesses?name=\(escaped)") }
      Console.prose("\(name.excerpt(80)) is asked no more")
    }
  }
}

/// `gatehouse audit witnesses`.
struct AuditWitnessesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "witnesses", abstract: "Print how far each witness of the ledger is.",
    discussion: """
      Exit status 5 where one says what the ledger does not: it has seen more than there is, or another history; 6 where less \
      than half of them have cosigned anything.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let answer = try await server.withClient { try await $0.get("/witnesses") }
    let witnesses = answer["witnesses"]?.array ?? []
    let alarms = witnesses.compactMap { $0["alarm"].flatMap { Problem(json: $0) } }
    if json {
      Console.data(answer)
    } else if witnesses.isEmpty {
      return Console.prose("no witnesses yet: gatehouse witnesses add")
    } else {
      Console.table(
        [["NAME", "COSIGNED", "BEHIND", "STATE"]]
          + witnesses.map { witness in
            let code = (witness["alarm"]?["code"] ?? witness["problem"]?["code"])?.string
            return [witness["name"].cell, witness["size"].cell, witness["behind"].cell, code ?? "well"]
          })
      for alarm in alarms { Console.prose(alarm.description) }
      for witness in witnesses where witness["alarm"] == .null {
        if let problem = witness["problem"].flatMap({ Problem(json: $0) }) {
          Console.prose(problem.description)
        }
      }
    }
    if !alarms.isEmpty { throw CommandEnd(exitCode: 5) }
    if !witnesses.isEmpty, answer["cosigned"]?.int == nil { throw CommandEnd(exitCode: 6) }
  }
}
