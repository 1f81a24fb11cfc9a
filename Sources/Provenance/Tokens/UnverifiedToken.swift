public import Domain
import Encoding

/// A signed token as it came: read, and nothing of it believed yet.
///
/// The compact serialisation of RFC 7515 section 7.1 around the claims of RFC 7519, read strictly: one spelling of base
/// 64, each member once, bounded in length, depth and members.
public struct UnverifiedToken: Sendable {
  /// The most bytes of a token.
  public static let sizeLimit = 8192

  /// How it says that it is signed.
  let algorithm: TokenAlgorithm
  /// The key that it says it is signed with; nil where it says none.
  let keyID: String?
  /// What the signature is over: header and claims as they were sent.
  let signed: [UInt8]
  let signature: [UInt8]
  let claims: JSON
  /// Who it says has issued it.
  public let issuer: String

  /// Whether a credential has the form of a token: an object in base 64, and two more parts behind dots.
  ///
  /// Cheap, and no promise that it can be read.
  public static func isToken(_ text: some Collection<UInt8>) -> Bool {
    // Every text that begins with a brace begins with an e in base 64.
    text.first == UInt8(ascii: "e") && text.count { $0 == UInt8(ascii: ".") } == 2
  }

  /// Reads a token; throws `token.malformed`, and `token.algorithm` for an algorithm that is not one of
  /// `TokenAlgorithm`.
  public init(parsing text: some Collection<UInt8>) throws(Problem) {
    guard text.count <= Self.sizeLimit else {
      throw Self.malformed("expected a token of at most \(Self.sizeLimit) bytes, found \(text.count)")
    }
    let text = Array(text)
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw Self.malformed("expected three parts between dots, found \(parts.count)")
    }
    let header = try Self.object(parts[0], "header", members: 32)
    guard let signature = Base64URL.decode(parts[2]), !signature.isEmpty else {
      throw Self.malformed("expected a signature in base 64 for URLs, found another text")
    }
    // RFC 7515 section 4.1.11: what must be understood is not. `b64` is not either (RFC 7797).
    guard header["crit"] == nil, header["b64"] == nil else {
      throw Self.malformed("expected a header without 'crit' and 'b64', found one of them")
    }
    try Self.checkType(header["typ"])
    guard let name = header["alg"]?.string, let algorithm = TokenAlgorithm(rawValue: name) else {
      throw Problem(
        .unauthenticated, "token.algorithm", "expected a token with an asymmetric signature, found another")
    }
    if let keyID = header["kid"] {
      guard let text = keyID.string, 1...255 ~= text.utf8.count else {
        throw Self.malformed("expected a text of 1 to 255 bytes as 'kid', found another")
      }
      self.keyID = text
    } else {
      keyID = nil
    }
    claims = try Self.object(parts[1], "claims", members: 256)
    guard let issuer = claims["iss"]?.string else {
      throw Self.malformed("expected a text as 'iss', found \(claims["iss"]?.kind ?? "nothing")")
    }
    self.issuer = issuer
    self.algorithm = algorithm
    self.signature = signature
    signed = Array(text[..<parts[1].endIndex])
  }

  /// RFC 8725 section 3.11: a token of another type, such as one for a logout, is not taken for one that gives access.
  private static func checkType(_ type: JSON?) throws(Problem) {
    guard let type else { return }
    guard let text = type.string?.lowercased(),
      ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(text)
    else { throw malformed("expected the type 'JWT' or 'at+jwt' or none, found another") }
  }

  private static func object(
    _ part: ArraySlice<UInt8>, _ what: String, members limit: Int
  ) throws(Problem) -> JSON {
    guard let bytes = Base64URL.decode(part) else {
      throw malformed("expected the \(what) in base 64 for URLs, found another text")
    }
    guard let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 8, values: 1024)),
      let members = json.object, members.count <= limit
    else {
      throw malformed("expected the \(what) as an object of at most \(limit) members, found another text")
    }
    return json
  }

  private static func malformed(_ message: String) -> Problem {
    Problem(.unauthenticated, "token.malformed", message)
  }
}
