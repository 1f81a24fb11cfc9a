public import Domain
import Encoding

/// A signed list of what was revoked, for those that no control plane reaches: a DSSE envelope, one line of JSON.
///
/// It is signed so that nobody who can write to the place where it is mounted can have models stopped, and read so that
/// nobody there can take back what was revoked: what a reader has seen stays revoked.
public struct RevocationList: Equatable, Sendable {
  /// The type of what is signed.
  public static let payloadType = "application/vnd.gatehouse.revocations+json"
  /// The longest line, in bytes.
  public static let lineLimit = 4 << 20
  /// The longest file of such lines, in bytes.
  public static let fileLimit = 16 << 20
  /// How many signatures a line may have.
  public static let signatureLimit = 64
  /// How many bytes of revocations go into a line: in base 64 and with all signatures it is far from the longest.
  private static let partLimit = 2 << 20
  /// More than what stands around the payload of a line, and more than a signature takes.
  private static let frameSize = 512

  /// Counts the lists of one platform, upwards: how long its ledger was.
  public let number: Int
  /// When it was made.
  public let issuedAt: Timestamp
  /// What was revoked.
  public let revocations: Revocations

  /// States what was revoked.
  public init(number: Int, issuedAt: Timestamp, revocations: Revocations) {
    self.number = number
    self.issuedAt = issuedAt
    self.revocations = revocations
  }

  /// The same in as many lists as there have to be, one a line; each counts by itself.
  public var parts: [RevocationList] {
    revocations.parts(upTo: Self.partLimit).map {
      RevocationList(number: number, issuedAt: issuedAt, revocations: $0)
    }
  }

  /// How many bytes a file has at most that tells of these revocations, signed by so many keys.
  ///
  /// Each line has room for `signatureLimit` signatures: more keys sign lines of their own, which say the same.
  public static func fileSize(of revocations: Revocations, signedBy keys: Int) -> Int {
    let groups = max(1, (keys + signatureLimit - 1) / signatureLimit)
    return revocations.parts(upTo: partLimit).reduce(0) { size, part in
      let payload = part.json.canonicalBytes.count + frameSize
      return size + groups * (payload / 3 * 4 + 4 + frameSize) + keys * frameSize
    }
  }

  private var payload: [UInt8] {
    JSON.object([
      "version": 1, "number": JSON(number), "issued": .integer(issuedAt.milliseconds),
      "revocations": revocations.json,
    ]).canonicalBytes
  }

  /// The bytes that a key signs.
  public var message: [UInt8] { preAuthenticationEncoding(of: payload, payloadType: Self.payloadType) }

  /// The line, with the signatures of these keys over `message`, and a final line feed.
  public func line(signatures: [(key: SealVerificationKey, signature: [UInt8])]) -> [UInt8] {
    let envelope: JSON = [
      "payloadType": .string(Self.payloadType), "payload": .string(Base64.encode(payload)),
      "signatures": .array(
        signatures.map { key, signature in
          ["keyid": .string(key.hint), "sig": .string(Base64.encode(signature))]
        }),
    ]
    return envelope.canonicalBytes + [UInt8(ascii: "\n")]
  }

  /// Reads a line that one of `keys` has signed; signatures by others are passed over.
  ///
  /// A key that the list itself revokes may sign it: it speaks against itself, and whoever stole it can take away, never
  /// give back. Throws `revocations.malformed`, `revocations.untrusted` and `revocations.bad-signature`.
  public init(parsing line: [UInt8], trusting keys: [SealVerificationKey]) throws(Problem) {
    guard line.count <= Self.lineLimit else {
      throw Self.malformed("expected a line of at most \(Self.lineLimit) bytes, found \(line.count)")
    }
    let envelope = try Self.members(of: line, ["payloadType", "payload", "signatures"])
    guard envelope["payloadType"]?.string == Self.payloadType,
      let payload = envelope["payload"]?.string.flatMap({ Base64.decode($0) }),
      let signatures = envelope["signatures"]?.array, 1...Self.signatureLimit ~= signatures.count
    else { throw Self.malformed("expected an envelope of '\(Self.payloadType)', found another") }
    try Self.verify(
      signatures, over: preAuthenticationEncoding(of: payload, payloadType: Self.payloadType), trusting: keys)
    // Only now is anything of it believed.
    let members = try Self.members(of: payload, ["version", "number", "issued", "revocations"])
    guard members["version"]?.int == 1, let number = members["number"]?.int, number >= 0,
      let issued = members["issued"]?.integer, let revocations = members["revocations"]
    else { throw Self.malformed("expected a list of version 1 with number and moment, found another") }
    self.init(
      number: number, issuedAt: Timestamp(milliseconds: issued),
      revocations: try Revocations(json: revocations, at: "/revocations"))
  }

  /// Reads a file of such lines, of one platform or of several; what any of them revokes is revoked.
  ///
  /// Lines that no trusted key has signed are another platform's and are passed over, unless there are no others. Throws as
  /// for a line, and says which.
  public static func read(_ bytes: [UInt8], trusting keys: [SealVerificationKey]) throws(Problem)
    -> Revocations
  {
    var all = Revocations.none
    var strange: Problem?
    var isOurs = false
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      do throws(Problem) {
        all.formUnion(try RevocationList(parsing: Array(line), trusting: keys).revocations)
        isOurs = true
      } catch {
        var problem = error
        problem.position = "line \(index + 1)"
        guard problem.code == "revocations.untrusted" else { throw problem }
        strange = strange ?? problem
      }
    }
    if let strange, !isOurs { throw strange }
    return all
  }

  private static func verify(
    _ signatures: [JSON], over message: [UInt8], trusting keys: [SealVerificationKey]
  ) throws(Problem) {
    var known: SealVerificationKey?
    for signature in signatures {
      guard let hint = signature["keyid"]?.string,
        let bytes = signature["sig"]?.string.flatMap({ Base64.decode($0) })
      else { throw malformed("expected 'keyid' and 'sig' in each signature, found another") }
      guard let key = keys.first(where: { $0.hint == hint }) else { continue }
      if key.isValid(bytes, for: message) { return }
      known = key
    }
    if let known {
      throw Problem(
        .integrity, "revocations.bad-signature",
        "expected a signature by key '\(known.hint.prefix(12))…' over the list, found one that does not verify"
      )
    }
    throw Problem(
      .integrity, "revocations.untrusted",
      "expected a list that one of \(keys.count) trusted keys has signed, found one that none has",
      hint: "export it from the platform that sealed the bundles: 'gatehouse revocations export'")
  }

  private static func members(of bytes: [UInt8], _ names: Set<String>) throws(Problem) -> [String: JSON] {
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 8, values: 200_000)) } catch {
      throw malformed(error.description)
    }
    guard let members = json.object, Set(members.keys) == names else {
      throw malformed(
        "expected an object with \(names.sorted().joined(separator: ", ")) alone, found another")
    }
    return members
  }

  private static func malformed(_ message: String) -> Problem {
    Problem(.integrity, "revocations.malformed", message)
  }
}
