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

    @Option(help: "What 'iss' says in its tokens, to the letter.")
    var issuer: String

    @Option(help: "What 'aud' has to name one of; may be repeated.")
    var audience: [String]

    @Option(
      help: ArgumentHelp(
        "Its public keys (JWKS): a file, or an https URL that is fetched every 45 seconds.",
        valueName: "file|url"))
    var jwks: String

    @Option(help: "How its tokens may be signed; may be repeated (default: RS256, ES256 and EdDSA).")
    var algorithm: [String] = ["RS256", "ES256", "EdDSA"]

    @Option(help: "The claim that says what a token opens.")
    var claim = "scope"

    @Option(help: "What a word of it begins with that names a deployment; may be empty.")
    var prefix = "predict:"

    @Option(help: ArgumentHelp("By how much its clock may differ from ours.", valueName: "seconds"))
    var leeway = 30

    @OptionGroup var limits: LimitOptions

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var members: [String: JSON] = [
        "url": .string(issuer), "audiences": .array(audience.map { .string($0) }),
        "algorithms": .array(algorithm.map { .string($0) }), "claim": .string(claim),
        "prefix": .string(prefix), "leeway": JSON(leeway),
      ]
      members["limits"] = try limits.parsed().json
      if jwks.contains("://") {
        members["keySetURL"] = .string(jwks)
      } else {
        let bytes = try LocalFiles.read(jwks, limit: TokenKeySet.sizeLimit)
        members["keySet"] = try TokenKeySet.json(parsing: bytes, subject: jwks)
      }
      let body = JSON.object(members)
      let answer = try await server.withClient { try await $0.put("/issuers", body) }
      if json { return Console.data(answer) }
      Console.data(answer["id"].cell)
      Console.prose("tokens of \(issuer) are taken")
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
      guard id.utf8.count == 12, Hexadecimal.decode(id) != nil else {
        throw Problem(.badInput, "issuer.unknown", "expected the id of an issuer, found '\(id.excerpt(40))'")
      }
      try await server.withClient { try await $0.delete("/issuers/\(id)") }
      Console.prose("tokens of \(id) are taken no more")
    }
  }
}
