import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Provenance

/// `gatehouse promote`.
struct PromoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote",
    abstract: "Take a version to the platform of another environment, down the whole road there.",
    discussion: """
      The platform that it comes from signs what it is and for how long it has served; the other takes the same bytes, \
      inspects, lifts and tests them anew, and holds them against its own policy. Nothing of the one is believed by the other \
      but what a key says that it trusts. Exit status: 0 live there, 3 refused, 4 admitted there but waiting.
      """)

  @Argument(help: "NAME, for the version in service, or NAME@VERSION.")
  var model: String

  @Option(name: .customLong("to"), help: "The control plane's address of the other platform.")
  var target: String

  @Option(
    name: .customLong("to-token-file"),
    help: "A file with the credential for the other platform (default: $GATEHOUSE_TO_TOKEN).")
  var targetTokenFile: String?

  @Option(
    name: .customLong("to-ca-file"),
    help: "A PEM file with the certificate authority to trust for the other platform (default: the system's)."
  )
  var targetAuthorities: String?

  @OptionGroup(title: "What is said of the model there") var facts: FactOptions

  @Option(help: "The project that it belongs to there, where it is new there (default: as here).")
  var project: String?

  @Flag(help: "Print one JSON document on standard output.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let reference = try ModelReference(parsing: model)
    let token = try targetToken()
    var base = target
    while base.hasSuffix("/") { base.removeLast() }
    let outcome = try await ControlClient.with(base, token: token, authorities: targetAuthorities) { there in
      try await server.withClient { here in try await promote(reference, from: here, to: there) }
    }
    try ShownOutcome.show(outcome, asJSON: json) { Pushing.describe(outcome, as: reference.name) }
  }

  private func promote(
    _ reference: ModelReference, from here: ControlClient, to there: ControlClient
  ) async throws -> JSON {
    let name = reference.name
    guard let environment = try await there.get("/status")["environment"]?.string else {
      throw Problem(
        .conflict, "environment.unset",
        "expected a platform at \(there.base) that says what it is there for, found one that does not",
        hint: "start it with 'gatehouse serve --environment NAME', such as production")
    }
    let version = try await number(reference, here)
    let path = "/models/\(name)/versions/\(version)"
    let promoted = try await here.post("\(path)/promotions", ["to": .string(environment)])
    guard var push = promoted["push"]?.object, let blobs = promoted["blobs"]?.array,
      let statement = promoted["statement"]?.string
    else {
      throw Problem(
        .unavailable, "server.answer", "expected what to push from \(here.base), found something else")
    }
    Console.prose("promoting \(name)@\(version) from \(promoted["from"].cell) to \(environment)")
    let pushing = Pushing(client: there, name: name)
    for text in blobs.compactMap(\.string) {
      let digest = try Digest(parsing: text)
      if try await there.exists("/blobs/\(digest)") { continue }
      let bytes = try await here.bytes(
        "\(path)/files/\(digest)?statement=\(statement)", limit: Self.sizeLimit)
      guard Digest(of: bytes) == digest else {
        throw Problem(
          .integrity, "promote.digest",
          "expected the bytes of \(digest.short) from \(here.base), found others",
          subject: digest.description, hint: "run 'gatehouse audit verify' there")
      }
      _ = try await pushing.upload(bytes, digest.short)
    }
    // What its data are was said there already: the word of another platform does not make less of it.
    if let said = try? await there.get("/models/\(name)/facts")["dataClass"], said.string != nil {
      push["facts"] = nil
    }
    if let project { push["project"] = .string(project) }
    if !facts.members.isEmpty {
      push["facts"] = .object((push["facts"]?.object ?? [:]).merging(facts.members) { $1 })
    }
    return try await pushing.follow(.object(push))
  }

  /// As many bytes as an artifact may have.
  private static let sizeLimit = 2 << 30

  /// The version that is meant: the one in service where none is named.
  private func number(_ reference: ModelReference, _ here: ControlClient) async throws -> Int {
    let model = try await here.get("/models/\(reference.name)")
    guard let selector = reference.version else {
      if let version = model["deployment"]?["version"]?.int { return version }
      throw Problem(
        .conflict, "promote.not-served", "expected a version of '\(reference.name)' in service, found none",
        subject: "\(reference)", hint: "name the version: \(reference.name)@1")
    }
    if let version = selector.number(in: model) { return version }
    throw Problem(
      .notFound, "alias.unknown", "expected an alias of '\(reference.name)', found '\(selector)'",
      subject: "\(reference)")
  }

  /// The credential for the other platform; the one for this platform is never sent there.
  private func targetToken() throws(Problem) -> String {
    if let targetTokenFile { return try ConnectionOptions.token(in: targetTokenFile) }
    if let token = Environment["GATEHOUSE_TO_TOKEN"] { return token }
    throw Problem(
      .unauthenticated, "auth.no-credential", "expected a credential for \(target), found none",
      hint: "name it with --to-token-file or GATEHOUSE_TO_TOKEN")
  }
}
