import ArgumentParser
import Domain
import Encoding
import Provenance

/// `gatehouse issuers`.
struct IssuersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issuers", abstract: "Say whose signed tokens (JWT) the data plane takes, and for what.",
    subcommands: [Add.self, List.self, Remove.self])

  /// `gatehouse issuers add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the tokens of an issuer; one with the same URL is replaced.",
      discussion: """
        A token opens the deployments that words of a claim name: by default 'predict:NAME' in 'scope', and 'predict:*' \
        all. The limits are for each subject of its tokens.
        """)

    @OptionGroup var tokens: TokenOptions

    @Option(help: "The claim that says what a token opens.")
    var claim = "scope"

    @Option(help: "What a word of it begins with that names a deployment; may be empty.")
    var prefix = "predict:"

    @OptionGroup var limits: LimitOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members = try tokens.members()
      members["claim"] = .string(claim)
      members["prefix"] = .string(prefix)
      members["limits"] = try limits.parsed().json
      let body = JSON.object(members)
      let answer = try await server.withClient { try await $0.put("/issuers", body) }
      if json { return Console.data(answer) }
      Console.data(answer["id"].cell)
      Console.prose("tokens of \(tokens.issuer) are taken")
    }
  }

  /// `gatehouse issuers list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List whose tokens are taken.")

    @Flag(help: "Print JSON, with the key sets.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/issuers") }
      if json { return Console.data(answer) }
      let rows = (answer["issuers"]?.array ?? []).map { issuer in
        let audiences = (issuer["audiences"]?.array ?? []).compactMap(\.string).joined(separator: " ")
        let keys = issuer["keySet"]?["keys"]?.array?.count ?? 0
        return [issuer["id"].cell, issuer["url"].cell, audiences, "\(keys)", issuer["since"].cell]
      }
      Console.table([["ID", "ISSUER", "AUDIENCES", "KEYS", "SINCE"]] + rows)
    }
  }

  /// `gatehouse issuers remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the tokens of an issuer no more, those that are out too.")

    @Argument(help: "The issuer's id.")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try RecordID.check(id, "issuer")
      try await server.withClient { try await $0.delete("/issuers/\(id)") }
      Console.prose("tokens of \(id) are taken no more")
    }
  }
}
