public import Domain
import Encoding

/// What is said between the platform and a program that signs for it, version 1: a line of JSON each way.
///
/// `docs/keys.md` has it for those who write such a program.
public enum SignerMessage {
  /// What the program is asked.
  public enum Request: Equatable, Sendable {
    /// Which key it signs by.
    case publicKey(of: String)
    /// A signature over these bytes.
    case sign([UInt8], by: String, SealCurve)
  }

  /// The longest answer, in bytes: far beyond any key and any signature.
  public static let answerLimit = 1 << 16
  private static let version = 1

  /// The line that asks, with its line feed.
  public static func line(_ request: Request) -> [UInt8] {
    let members: [String: JSON] =
      switch request {
      case .publicKey(let key): ["operation": "public-key", "key": .string(key)]
      case .sign(let message, let key, let curve):
        [
          "operation": "sign", "key": .string(key), "algorithm": .string(curve.signerAlgorithm),
          "message": .string(Base64.encode(message)),
        ]
      }
    return JSON.object(members.merging(["version": JSON(version)]) { $1 }).canonicalBytes + [
      UInt8(ascii: "\n")
    ]
  }

  /// The public key in an answer; throws `signer.malformed`, and `signer.refused` with what the program says.
  public static func publicKey(in answer: [UInt8]) throws(Problem) -> SealVerificationKey {
    let members = try members(of: answer, with: "publicKey")
    guard let pem = members["publicKey"]?.string else {
      throw malformed("a public key in PEM as 'publicKey'")
    }
    do throws(Problem) { return try SealVerificationKey(pem: pem) } catch {
      throw malformed("a public key in PEM on the curve P-256, P-384 or P-521 as 'publicKey'")
    }
  }

  /// The signature in an answer, of ECDSA in DER, once it verifies; throws as `publicKey` does, and `signer.bad-signature`.
  public static func signature(
    in answer: [UInt8], over message: [UInt8], by key: SealVerificationKey
  ) throws(Problem) -> [UInt8] {
    let members = try members(of: answer, with: "signature")
    guard let signature = members["signature"]?.string.flatMap({ Base64.decode($0) }) else {
      throw malformed("a signature in base 64 as 'signature'")
    }
    guard key.isValid(signature, for: message) else {
      throw Problem(
        .unavailable, "signer.bad-signature",
        "expected a signature by key '\(key.hint.prefix(12))…', found one that does not verify",
        hint:
          "the signature is ECDSA's in DER, over the digest that 'algorithm' names of the bytes in 'message'")
    }
    return signature
  }

  private static func members(of answer: [UInt8], with name: String) throws(Problem) -> [String: JSON] {
    let line = answer.last == UInt8(ascii: "\n") ? answer.dropLast() : answer[...]
    guard answer.count <= answerLimit,
      let json = try? JSON(parsing: line, limits: JSONLimits(depth: 2, values: 16)),
      let members = json.object, members["version"]?.int == version
    else { throw malformed("one line with an object of version \(version)") }
    if let error = members["error"]?.string {
      throw Problem(
        .unavailable, "signer.refused", "expected an answer of the signer, found an error",
        cause: error.excerpt(400))
    }
    guard Set(members.keys) == ["version", name] else {
      throw malformed("'version' and '\(name)', or 'error'")
    }
    return members
  }

  private static func malformed(_ expected: String) -> Problem {
    Problem(
      .unavailable, "signer.malformed", "expected \(expected) in the signer's answer, found something else",
      hint: "docs/keys.md has what a signer answers")
  }
}

extension SealCurve {
  /// How a signer is told of it, `ecdsa-p256-sha256`.
  public var signerAlgorithm: String {
    switch self {
    case .p256: "ecdsa-p256-sha256"
    case .p384: "ecdsa-p384-sha384"
    case .p521: "ecdsa-p521-sha512"
    }
  }
}
