import enum Crypto.P256
import Domain
import Encoding
import Foundation
import Testing

@testable import Provenance

/// Keys and tokens that OpenSSL made, by `scripts/make-token-fixtures`.
private struct TokenFixture {
  let keySet: JSON
  let shortKeySet: JSON
  private let tokens: JSON

  init() throws {
    keySet = try Self.json("keys.json")
    shortKeySet = try Self.json("short-key.json")
    tokens = try Self.json("tokens.json")
  }

  private static func json(_ name: String) throws -> JSON {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/tokens")
    return try JSON(parsing: Array(try Data(contentsOf: folder.appending(path: name))))
  }

  func token(_ algorithm: TokenAlgorithm) throws -> String {
    try #require(tokens[algorithm.rawValue]?.string)
  }

  func issuer(_ algorithms: [TokenAlgorithm] = TokenAlgorithm.allCases) throws -> TokenIssuer {
    try TokenIssuer(
      url: "https://issuer.example", audiences: ["gatehouse"], algorithms: algorithms, keySet: keySet)
  }
}

private let now = Timestamp(milliseconds: 1_795_000_000_000)

private func encoded(_ bytes: some Collection<UInt8>) -> String {
  String(
    Base64.encode(bytes).filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
}

private func code(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch { return (error as? Problem)?.code ?? "\(error)" }
}

struct TokenSignatureTests {
  private static let input =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

  /// RFC 7515 appendix A.2, A.3, A.4 and RFC 8037 appendix A.4: key, what is signed, signature.
  static let published: [(TokenAlgorithm, JSON, String, String)] = [
    (
      .rs256,
      [
        "kty": "RSA", "e": "AQAB",
        "n":
          "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
      ], "eyJhbGciOiJSUzI1NiJ9.\(input)",
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    ),
    (
      .es256,
      [
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      ], "eyJhbGciOiJFUzI1NiJ9.\(input)",
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    ),
    (
      .es512,
      [
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
      ], "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
      "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
    ),
    (
      .edDSA, ["kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    ),
  ]

  @Test(arguments: published)
  func `the published examples verify, and nothing beside them`(
    algorithm: TokenAlgorithm, key: JSON, message: String, signature: String
  ) throws {
    let key = try #require(try TokenKey(json: key, at: ""))
    var bytes = try #require(Base64URL.decode(signature.utf8))
    let message = Array(message.utf8)
    #expect(key.isValid(bytes, over: message, algorithm))
    #expect(!key.isValid(bytes, over: message.dropLast() + [0], algorithm))
    #expect(!key.isValid(bytes.dropLast(), over: message, algorithm))
    #expect(!key.isValid(bytes + [0], over: message, algorithm))
    #expect(!key.isValid([], over: message, algorithm))
    for other in TokenAlgorithm.allCases where other != algorithm {
      #expect(!key.isValid(bytes, over: message, other))
    }
    for index in bytes.indices {
      bytes[index] ^= 1
      #expect(!key.isValid(bytes, over: message, algorithm), "byte \(index)")
      bytes[index] ^= 1
    }
  }

  @Test(arguments: TokenAlgorithm.allCases)
  func `a token by OpenSSL verifies where its algorithm is allowed`(algorithm: TokenAlgorithm) throws {
    let fixture = try TokenFixture()
    let token = try UnverifiedToken(parsing: try fixture.token(algorithm).utf8)
    let verified = try TokenVerifier(fixture.issuer([algorithm])).verify(token, at: now)
    #expect(verified.subject == "ada")
    #expect(verified.grant == .deployments(["iris", "fraud"]))
    let others = TokenAlgorithm.allCases.filter { $0 != algorithm }
    let strict = try TokenVerifier(fixture.issuer(others))
    #expect(code { _ = try strict.verify(token, at: now) } == "token.algorithm")
  }

  @Test(arguments: TokenAlgorithm.allCases)
  func `a token that was changed anywhere does not verify`(algorithm: TokenAlgorithm) throws {
    let fixture = try TokenFixture()
    let verifier = try TokenVerifier(fixture.issuer())
    let text = Array(try fixture.token(algorithm).utf8)
    for index in stride(from: 0, to: text.count, by: 7) {
      var changed = text
      changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      guard let token = try? UnverifiedToken(parsing: changed) else { continue }
      #expect(throws: Problem.self, "byte \(index)") { try verifier.verify(token, at: now) }
    }
  }
}

/// Claims and headers of every kind, signed by a key of our own.
struct TokenClaimsTests {
  private let key = P256.Signing.PrivateKey()

  private func issuer(leeway: Int = 30, claim: String = "scope", prefix: String = "predict:") throws
    -> TokenIssuer
  {
    let raw = key.publicKey.rawRepresentation
    return try TokenIssuer(
      url: "https://i", audiences: ["gatehouse", "other"], algorithms: [.es256], claim: claim,
      prefix: prefix, leeway: leeway,
      keySet: [
        "keys": [
          [
            "kty": "EC", "crv": "P-256", "kid": "k", "x": .string(encoded(Array(raw.prefix(32)))),
            "y": .string(encoded(Array(raw.suffix(32)))),
          ]
        ]
      ])
  }

  private func token(
    header: String = #"{"alg":"ES256","kid":"k"}"#, _ claims: JSON
  ) throws -> UnverifiedToken {
    let signed = encoded(Array(header.utf8)) + "." + encoded(claims.canonicalBytes)
    let signature = try key.signature(for: Array(signed.utf8)).rawRepresentation
    return try UnverifiedToken(parsing: Array((signed + "." + encoded(Array(signature))).utf8))
  }

  private func claims(_ changes: [String: JSON?] = [:]) -> JSON {
    var members: [String: JSON] = [
      "iss": "https://i", "aud": "gatehouse", "sub": "s", "exp": 1_795_000_600, "scope": "predict:iris",
    ]
    for (name, value) in changes { members[name] = value }
    return .object(members)
  }

  private func refusal(_ changes: [String: JSON?], leeway: Int = 30) throws -> String? {
    let verifier = try TokenVerifier(issuer(leeway: leeway))
    let token = try token(claims(changes))
    return code { _ = try verifier.verify(token, at: now) }
  }

  static let changes: [(String, JSON?, String?)] = [
    ("scope", nil, nil), ("aud", ["x", "other"], nil), ("aud", nil, "token.audience"),
    ("aud", "elsewhere", "token.audience"), ("aud", [], "token.audience"), ("aud", 5, "token.audience"),
    ("exp", nil, "token.claims"), ("exp", "1795000600", "token.claims"), ("exp", 1e300, "token.claims"),
    ("exp", .number(1_794_999_970.5), nil), ("exp", 1_794_999_970, "token.expired"),
    ("exp", 0, "token.expired"), ("exp", -1e12, "token.expired"), ("exp", 1e12, nil),
    ("nbf", 1_795_000_030, nil), ("nbf", 1_795_000_031, "token.not-yet-valid"), ("nbf", -1e12, nil),
    ("nbf", "now", "token.claims"), ("iat", 1_795_000_031, "token.not-yet-valid"),
    ("iat", 1_795_000_000, nil),
    ("sub", nil, "token.claims"), ("sub", "", "token.claims"), ("sub", 1, "token.claims"),
    ("iss", "https://i/", "token.unknown-issuer"), ("iss", "HTTPS://i", "token.unknown-issuer"),
  ]

  @Test(arguments: changes)
  func `each claim is held to its rule`(name: String, value: JSON?, expected: String?) throws {
    #expect(try refusal([name: value]) == expected)
  }

  @Test func `without leeway the second itself counts`() throws {
    #expect(try refusal(["exp": 1_795_000_000], leeway: 0) == "token.expired")
    #expect(try refusal(["exp": 1_795_000_001], leeway: 0) == nil)
    #expect(try refusal(["nbf": 1_795_000_001], leeway: 0) == "token.not-yet-valid")
  }

  @Test func `what may be called is told by the words with the prefix`() throws {
    func grant(_ value: JSON?, claim: String = "scope", prefix: String = "predict:") throws
      -> VerifiedToken.Grant
    {
      try TokenVerifier(issuer(claim: claim, prefix: prefix)).verify(token(claims([claim: value])), at: now)
        .grant
    }
    #expect(try grant("openid predict:iris  predict:fraud") == .deployments(["iris", "fraud"]))
    #expect(try grant(["predict:iris", "admin", 5]) == .deployments(["iris"]))
    #expect(try grant("predict:* predict:iris") == .all)
    #expect(try grant("predict") == .deployments([]))
    #expect(try grant(nil) == .deployments([]))
    #expect(try grant(7) == .deployments([]))
    #expect(try grant(["iris"], claim: "models", prefix: "") == .deployments(["iris"]))
    #expect(!VerifiedToken.Grant.deployments(["iris"]).contains("fraud"))
  }

  @Test func `a token without the name of its key means the only one that fits`() throws {
    let token = try token(header: #"{"alg":"ES256"}"#, claims())
    #expect(try TokenVerifier(issuer()).verify(token, at: now).subject == "s")
    let other = try self.token(header: #"{"alg":"ES256","kid":"l"}"#, claims())
    #expect(code { _ = try TokenVerifier(issuer()).verify(other, at: now) } == "token.unknown-key")
  }

  static let headers: [(String, String?)] = [
    (#"{"alg":"ES256","typ":"JWT"}"#, nil), (#"{"alg":"ES256","typ":"at+jwt"}"#, nil),
    (#"{"alg":"ES256","typ":"application/AT+JWT"}"#, nil),
    (#"{"alg":"ES256","jku":"https://evil","x5u":"https://evil"}"#, nil),
    (#"{"alg":"ES256","typ":"logout+jwt"}"#, "token.malformed"),
    (#"{"alg":"ES256","typ":1}"#, "token.malformed"),
    (#"{"alg":"none"}"#, "token.algorithm"), (#"{"alg":"HS256"}"#, "token.algorithm"),
    (#"{"alg":"es256"}"#, "token.algorithm"), (#"{"kid":"k"}"#, "token.algorithm"),
    (#"{"alg":["ES256"]}"#, "token.algorithm"),
    (#"{"alg":"ES256","crit":["exp"],"exp":1}"#, "token.malformed"),
    (#"{"alg":"ES256","crit":[]}"#, "token.malformed"), (#"{"alg":"ES256","b64":false}"#, "token.malformed"),
    (#"{"alg":"none","alg":"ES256"}"#, "token.malformed"), (#"{"alg":"ES256","kid":5}"#, "token.malformed"),
    (#"{"alg":"ES256","kid":""}"#, "token.malformed"), (#"["ES256"]"#, "token.malformed"),
    (#"{"alg":"ES256"} x"#, "token.malformed"), ("", "token.malformed"),
    (#"{"alg":"ES256","a":[[[[[[[[[1]]]]]]]]]}"#, "token.malformed"),
  ]

  @Test(arguments: headers)
  func `each member of a header is held to its rule`(header: String, expected: String?) throws {
    #expect(code { _ = try token(header: header, claims()) } == expected)
  }

  @Test func `a token of another form is none`() throws {
    for text in ["", ".", "..", "e.e.e", "eyJ9.e30", "eyJ9.e30.a.b", "eyJ9=.e30.AA", "ey J9.e30.AA"] {
      #expect(code { _ = try UnverifiedToken(parsing: Array(text.utf8)) } == "token.malformed", "\(text)")
    }
    let long = Array(repeating: UInt8(ascii: "e"), count: UnverifiedToken.sizeLimit + 1)
    #expect(code { _ = try UnverifiedToken(parsing: long) } == "token.malformed")
    #expect(UnverifiedToken.isToken("eyJ9.e30.AA".utf8))
    for text in ["", "gh_1_2", "eyJ9.e30", "eyJ9.e30.AA.BB", "x.y.z"] {
      #expect(!UnverifiedToken.isToken(text.utf8))
    }
  }
}

struct TokenKeySetTests {
  private func changed(_ index: Int, _ name: String, _ value: JSON?) throws -> JSON {
    var keys = try #require(try TokenFixture().keySet["keys"]?.array)
    var members = try #require(keys[index].object)
    members[name] = value
    keys[index] = .object(members)
    return ["keys": .array(keys)]
  }

  @Test func `what a set is made of reads back, and the rest is left out`() throws {
    let set = try TokenKeySet(json: changed(0, "x5c", ["MIIB"]))
    #expect(set.keys.count == 5)
    #expect(try TokenKeySet(json: set.json).json == set.json)
    #expect(set.json["keys"]?.array?.first?["x5c"] == nil)
  }

  static let refusals: [(Int, String, JSON?)] = [
    (0, "d", "AQ"), (2, "d", "AQ"), (0, "n", nil), (0, "n", "AQAB"), (0, "n", "a+b="), (0, "e", "AQ"),
    (0, "e", "AA"), (0, "e", "AAEAAQ"), (0, "e", "AQAA"), (0, "e", "AQAAAAE"), (0, "alg", "ES256"),
    (0, "kid", 5), (0, "kid", ""), (0, "kid", "a b"), (0, "kid", "\n"), (1, "x", "AQAB"), (2, "x", nil),
    (2, "y", "AQAB"), (2, "kty", 5),
    (2, "alg", "ES384"), (3, "crv", "P-256"), (0, "kty", "oct"), (0, "k", "AQ"),
  ]

  @Test(arguments: refusals)
  func `a set with a key that is malformed or secret is refused`(
    index: Int, name: String, value: JSON?
  ) throws {
    let json = try changed(index, name, value)
    #expect(code { _ = try TokenKeySet(json: json) } == "issuer.keys")
  }

  @Test func `a point that is not on its curve is refused`() throws {
    let x = try #require(try TokenFixture().keySet["keys"]?.array?[2]["x"])
    let json = try changed(2, "y", x)
    #expect(code { _ = try TokenKeySet(json: json) } == "issuer.keys")
  }

  @Test func `a key of 1024 bits is refused`() throws {
    let short = try TokenFixture().shortKeySet
    #expect(code { _ = try TokenKeySet(json: short) } == "issuer.keys")
  }

  @Test func `keys of no use here are left out, and a set of them alone is refused`() throws {
    for (name, value) in [("use", "enc"), ("alg", "RSA-OAEP"), ("kty", "new"), ("key_ops", ["sign"])]
      as [(String, JSON)]
    {
      let json = try changed(0, name, value)
      #expect(try TokenKeySet(json: json).keys.count == 4, "\(name)")
    }
    let other: JSON = ["keys": [["kty": "OKP", "crv": "X25519", "x": "AQ"]]]
    #expect(code { _ = try TokenKeySet(json: other) } == "issuer.keys")
    for json in [.null, [], [:], ["keys": [:]]] as [JSON] {
      #expect(code { _ = try TokenKeySet(json: json) } == "issuer.keys")
    }
  }

  @Test func `of a set that is published, what cannot be used takes nothing else along`() throws {
    let all = try #require(try TokenFixture().keySet["keys"]?.array)
    let short = try #require(try TokenFixture().shortKeySet["keys"]?.array)
    for stranger in short + [
      5, [:], ["kty": "RSA", "alg": .null], ["kty": "EC", "crv": "P-256", "kid": ""],
    ] as [JSON] {
      let set = try TokenKeySet(published: ["keys": .array([stranger] + all)])
      #expect(set.json == (try TokenKeySet(json: ["keys": .array(all)]).json))
    }
    #expect(try TokenKeySet(published: ["keys": []]).keys.isEmpty)
    #expect(try TokenKeySet(published: ["keys": .array(short)]).keys.isEmpty)
    #expect(try TokenKeySet(published: ["keys": .array([all[0], all[0]])]).keys.isEmpty)
    let empty = try TokenKeySet(published: ["keys": []]).json
    #expect(try TokenKeySet(json: empty).keys.isEmpty)
  }

  @Test func `a set that is published is refused whole for what is secret, or none`() throws {
    for json in [try changed(0, "d", "AQ"), try changed(0, "kty", "oct"), .null, ["keys": 5], [:]] as [JSON] {
      #expect(code { _ = try TokenKeySet(published: json) } == "issuer.keys")
    }
  }

  @Test func `the same keys in another order are the same bytes`() throws {
    let all = try #require(try TokenFixture().keySet["keys"]?.array)
    #expect(
      try TokenKeySet(json: ["keys": .array(all)]).json
        == TokenKeySet(json: ["keys": .array(all.reversed())]).json)
  }

  @Test func `keys that cannot be told apart are refused`() throws {
    let key = try #require(try TokenFixture().keySet["keys"]?.array?.first)
    #expect(code { _ = try TokenKeySet(json: ["keys": [key, key]]) } == "issuer.keys")
    let many = JSON.array((0..<40).map { _ in key })
    #expect(code { _ = try TokenKeySet(json: ["keys": many]) } == "issuer.keys")
  }
}
