import ArgumentParser
import Domain
import Encoding
import Provenance

/// How the tokens of an issuer are known, whatever they are taken for.
struct TokenOptions: ParsableArguments {
  @Option(help: "What 'iss' says in its tokens, to the letter.")
  var issuer: String

  @Option(help: "What 'aud' has to name one of; may be repeated.")
  var audience: [String]

  @Option(
    help: ArgumentHelp(
      "Its public keys (JWKS): a file, or an https URL that is fetched every 45 seconds (default: what its metadata names).",
      valueName: "file|url"))
  var jwks: String?

  @Option(help: "How its tokens may be signed; may be repeated (default: RS256, ES256 and EdDSA).")
  var algorithm: [String] = ["RS256", "ES256", "EdDSA"]

  @Option(help: ArgumentHelp("By how much its clock may differ from ours.", valueName: "seconds"))
  var leeway = 30

  /// The members of a request that they make; reads the key set where it is a file.
  func members() throws(Problem) -> [String: JSON] {
    var members: [String: JSON] = [
      "url": .string(issuer), "audiences": .array(audience.map { .string($0) }),
      "algorithms": .array(algorithm.map { .string($0) }), "leeway": JSON(leeway),
    ]
    if let jwks, !jwks.contains("://") {
      let bytes = try LocalFiles.read(jwks, limit: TokenKeySet.sizeLimit)
      members["keySet"] = try TokenKeySet.json(parsing: bytes, subject: jwks)
    } else {
      members["keySetURL"] = jwks.map { .string($0) }
    }
    return members
  }
}

/// The ids of grants, keys and issuers, which stand in paths of requests.
enum RecordID {
  /// Throws `KIND.unknown` for what cannot be an id: twelve hexadecimal digits.
  static func check(_ id: String, _ kind: String) throws(Problem) {
    guard id.utf8.count == 12, Hexadecimal.decode(id) != nil else {
      throw Problem(
        .badInput, "\(kind).unknown",
        "expected the id of a record, twelve hexadecimal digits, found '\(id.excerpt(40))'",
        hint: "list them with 'gatehouse \(kind)s list'")
    }
  }
}
